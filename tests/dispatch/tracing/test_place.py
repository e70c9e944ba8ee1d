"""The rules of W3C Trace Context for `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.tracing.place import Place, begin, parse

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

BROKEN = {
    "empty": "",
    "no traceparent at all": "hello",
    "without flags": f"00-{TRACE}-{SPAN}",
    "a field more than version 00 has": f"00-{TRACE}-{SPAN}-01-extra",
    "a dash at the end of version 00": f"00-{TRACE}-{SPAN}-01-",
    "a dot behind a later version": f"cc-{TRACE}-{SPAN}-01.what-comes",
    "a digit behind a later version": f"cc-{TRACE}-{SPAN}-012",
    "a later version without flags": f"cc-{TRACE}-{SPAN}",
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "a version of one digit": f"0-{TRACE}-{SPAN}-01",
    "a version of three digits": f"000-{TRACE}-{SPAN}-01",
    "a version that is no hexadecimal": f"0x-{TRACE}-{SPAN}-01",
    "no trace": f"00-{'0' * 32}-{SPAN}-01",
    "no span": f"00-{TRACE}-{'0' * 16}-01",
    "a later version without a trace": f"01-{'0' * 32}-{SPAN}-01",
    "capitals in the trace": f"00-{TRACE.upper()}-{SPAN}-01",
    "capitals in the span": f"00-{TRACE}-{SPAN.upper()}-01",
    "capitals in the flags": f"00-{TRACE}-{SPAN}-0A",
    "capitals in the version": f"CC-{TRACE}-{SPAN}-01",
    "a trace that is too short": f"00-{TRACE[1:]}-{SPAN}-01",
    "a trace that is too long": f"00-{TRACE}0-{SPAN}-01",
    "a span that is too short": f"00-{TRACE}-{SPAN[1:]}-01",
    "a span that is too long": f"00-{TRACE}-{SPAN}0-01",
    "flags of one digit": f"00-{TRACE}-{SPAN}-1",
    "flags of three digits": f"00-{TRACE}-{SPAN}-001",
    "digits of another script": f"00-{TRACE[:-1]}٣-{SPAN}-01",
    "other separators": f"00_{TRACE}_{SPAN}_01",
    "two of them": f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    "two, the first of a later version": f"01-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    "a line behind it": f"00-{TRACE}-{SPAN}-01\n",
    "a space inside": f"00-{TRACE}- {SPAN}-01",
    "quotes": f'"00-{TRACE}-{SPAN}-01"',
    "megabytes": "00-" + "a" * 1_000_000,
}


@pytest.mark.parametrize("header", [None, *BROKEN.values()], ids=["missing", *BROKEN])
def test_a_header_that_breaks_a_rule_names_no_trace(header):
    assert parse(header) is None


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        # Of the other flags nothing is known, and they are not sent on.
        (f"00-{TRACE}-{SPAN}-ff", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"01-{TRACE}-{SPAN}-00-what-comes-with-it", False),
        (f"fe-{TRACE}-{SPAN}-01-", True),
        (f" \t00-{TRACE}-{SPAN}-01\t ", True),
    ],
)
def test_a_header_that_keeps_them_names_a_trace_a_span_and_whether_it_is_recorded(header, sampled):
    place = parse(header)
    assert place == Place(TRACE, SPAN, sampled)
    assert str(place) == f"00-{TRACE}-{SPAN}-{'01' if sampled else '00'}"


@given(st.text("0123456789abcdefABCDEF-٣ \n,xz.", max_size=70) | st.from_regex(r"[0-9a-f-]{50,60}"))
def test_whatever_is_understood_is_sent_on_in_a_form_that_anyone_understands(header):
    if place := parse(header):
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", str(place), re.ASCII)
        assert parse(str(place)) == place


def test_a_child_is_another_span_of_the_same_trace():
    place = Place(TRACE, SPAN, True)
    children = {place.child() for _ in range(100)}
    assert len(children) == 100
    assert {(each.trace_id, each.sampled) for each in children} == {(TRACE, True)}


def test_no_two_traces_begin_alike_and_each_is_valid():
    begun = [begin() for _ in range(1000)]
    assert len({each.trace_id for each in begun}) == 1000
    assert all(parse(str(each)) == each for each in begun)
