"""What is said about a template before it is saved."""

import pytest

from dispatch.errors import InvalidRequest
from dispatch.texts.check import check_template

STOP = " Answer STOP to end."


def check(body, channel="sms"):
    return check_template(body, channel, account_id=None)


def warned(body, channel="sms"):
    return [warning.code for warning in check(body, channel).warnings]


def test_a_good_template_is_measured_as_a_sample_customer_gets_it():
    checked = check("Hi {first_name} from {{ location|upper }}." + STOP)
    assert (checked.valid, checked.problem, checked.warnings) == (True, None, [])
    assert checked.placeholders == ["first_name", "location"]
    assert checked.sample == "Hi Alice from NAIROBI. Answer STOP to end."
    assert (checked.encoding, checked.segments) == ("gsm7", 1)


@pytest.mark.parametrize(
    ("body", "unknown", "says"),
    [
        ("Hi {frist_name}, {location}", ["frist_name"], "Unknown placeholder"),
        ("{% for x in y %}", [], "not allowed"),
        ("{{ 'a'*10**9 }}", [], "placeholder"),
        ("{first_name", [], "never closed"),
        ("x" * 2001, [], "2000"),
        ("", [], "no text"),
        (" \n", [], "no text"),
    ],
)
def test_the_refusal_of_a_template_says_why(body, unknown, says):
    checked = check(body)
    assert not checked.valid
    assert checked.unknown == unknown
    assert says in checked.problem


def test_known_placeholders_beside_an_unknown_one_are_listed_too():
    assert check("{frist_name} {location}").placeholders == ["frist_name", "location"]


def test_the_character_that_forces_ucs2_is_named():
    warnings = check("Γεια σου {first_name}" + STOP).warnings
    assert [warning.code for warning in warnings] == ["ucs2"]
    assert "ε (U+03B5, GREEK SMALL LETTER EPSILON)" in warnings[0].message


@pytest.mark.parametrize(("body", "can"), [("Don’t miss it" + STOP, True), ("Γεια – σου" + STOP, False)])
def test_typography_that_can_be_replaced_is_told(body, can):
    [warning] = check(body).warnings
    assert ("fold_typography" in warning.message) is can


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("x" * 600 + STOP, ["many_segments"]),
        ("Sale today!", ["no_opt_out"]),
        ("Stopover in Athens", ["no_opt_out"]),
        ("Στείλτε ΣΤΟΠ", ["ucs2"]),
        ("{} {1} {first_name} {{ last_name }} {{ '{' }}" + STOP, ["braces"]),
    ],
)
def test_what_may_surprise_is_a_warning(body, codes):
    assert warned(body) == codes


def test_whatsapp_has_no_segments_to_warn_of():
    checked = check("Γεια 🌸" * 50, "whatsapp")
    assert (checked.warnings, checked.encoding, checked.segments) == ([], "text", 1)


def test_a_channel_that_does_not_exist_is_refused():
    with pytest.raises(InvalidRequest, match="sms, whatsapp"):
        check("Hi", "fax")
