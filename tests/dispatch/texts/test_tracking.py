"""Which addresses of a text become short links, and what is left around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.links.addresses import sample_links
from dispatch.texts.linked import with_samples
from dispatch.texts.template import compile_template
from dispatch.texts.tracking import tracked

SAMPLE = sample_links().sample(1)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://shop.example", "https://shop.example"),
        ("See https://shop.example/a?b=1&c=%20x#top now", "https://shop.example/a?b=1&c=%20x#top"),
        ("HTTP://Shop.Example/A", "HTTP://Shop.Example/A"),
        ("See https://shop.example/a.", "https://shop.example/a"),
        ("Really https://shop.example/a?!", "https://shop.example/a"),
        ("https://shop.example/a, https", "https://shop.example/a"),
        ("(https://shop.example/a)", "https://shop.example/a"),
        ("(see https://shop.example/a_(b))", "https://shop.example/a_(b)"),
        ("“https://shop.example/a”", "https://shop.example/a"),
        ("'https://shop.example/a'", "https://shop.example/a"),
        ("<https://shop.example/a>", "https://shop.example/a"),
        ("*https://shop.example/a*", "https://shop.example/a"),
        ("https://shop.example/a…", "https://shop.example/a"),
        ("https://κατάστημα.example/προσφορά?q=ά", "https://κατάστημα.example/προσφορά?q=ά"),
        ("https://shop.example:8443/a;b=c", "https://shop.example:8443/a;b=c"),
        ("Link:https://shop.example/a\nBye", "https://shop.example/a"),
        ("https://shop.example/a//https://b.example", "https://shop.example/a//https://b.example"),
        ('{{ "https://shop.example/a" }}', "https://shop.example/a"),
        ("{first_name}https://shop.example/a", "https://shop.example/a"),
        ("{first_name} 100% https://shop.example/100%25 {last_name} %s", "https://shop.example/100%25"),
    ],
)
def test_an_address_is_recognised_without_what_ends_the_sentence_around_it(text, target):
    template = compile_template(text)
    found = tracked(template)
    assert (found.targets, found.left) == ((target,), ())
    values = {"first_name": "Ann", "last_name": "%s"}
    shown = with_samples(found.template, sample_links()).render(values)
    assert shown.replace(SAMPLE, target) == template.render(values)
    assert SAMPLE in shown


@pytest.mark.parametrize(
    "text",
    [
        *("Nothing here", "shop.example", "www.shop.example/a", "ftp://shop.example", "https:shop.example", "https://"),
        *("https:///a", "xhttps://shop.example", "mailto:a@shop.example", "http://[::1", "{first_name}", "https://?a"),
        *(
            "https://shop.example:port",
            "https://shop.example:99999/a",
            "https://a..example",
            f"https://{'a' * 64}.example",
        ),
    ],
)
def test_what_is_no_address_stays_as_it_is(text):
    template = compile_template(text)
    found = tracked(template)
    assert (found.template, found.targets, found.left) == (template, (), ())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://shop.example/?c={code}", "https://shop.example/?c={…}"),
        ("https://{city}.example/a", "https://{…}.example/a"),
        ("https://shop.example/{code}/a.", "https://shop.example/{…}/a"),
        ("{first_name} https://shop.example/{{ code|upper }}", "https://shop.example/{…}"),
    ],
)
def test_an_address_that_leads_everyone_elsewhere_stays_as_it_is_and_is_named(text, left):
    template = compile_template(text)
    found = tracked(template)
    assert (found.template, found.targets, found.left) == (template, (), (left,))


def test_the_same_address_is_one_link_and_another_is_another():
    found = tracked(compile_template("https://a.example https://b.example https://a.example. https://a.example/"))
    assert found.targets == ("https://a.example", "https://b.example", "https://a.example/")
    assert found.template.links == (1, 2, 3)


def test_an_unsubscribe_link_stays_one():
    found = tracked(compile_template("https://a.example {unsubscribe_link}"))
    assert found.template.links == (1, 0)


PIECES = st.sampled_from(
    ["{first_name}", "https://a.example/x", "http://b.example", " ", ".", ",", "(", ")", "%", "%s", "a", "ω", "\n", "?"]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=20))
def test_nothing_is_lost_or_changed_but_the_addresses(text, name):
    template = compile_template(text)
    found = tracked(template)
    shown = with_samples(found.template, sample_links()).render({"first_name": name})
    links = [sample_links().sample(number) for number in range(1, len(found.targets) + 1)]
    assert len(set(links)) <= 1
    expected, at = template.render({"first_name": name}), 0
    # What stands between the links of the result stands in the original, in the same order.
    for piece in shown.split(SAMPLE):
        at = expected.index(piece, at) + len(piece)
    assert len(shown.split(SAMPLE)) - 1 >= len(found.targets)


@given(st.integers(1, 220))
def test_a_text_has_no_more_links_than_codes_can_number(count):
    found = tracked(compile_template(" ".join(f"http://{number}" for number in range(count))[:2000]))
    assert len(found.targets) <= 255
