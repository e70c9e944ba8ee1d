"""A campaign's texts are rendered, priced and folded with what was remembered exactly as one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.texts import rendering
from dispatch.texts.rendering import Renderer
from dispatch.texts.sms import GSM_BASIC, GSM_EXTENSION, measure, measure_for, measure_of, weigh
from dispatch.texts.template import compile_template
from dispatch.texts.typography import fold

COLUMNS = ("cursor", "skipped", "id", "phone", "first_name", "attributes.order-no", "attributes.city")
NAMED = ("phone", "first_name", "order-no", "city")
FILTERS = ['fallback("friend")', 'fallback("€ [x]")', "upper", "lower", "title", "capitalize", "trim", "truncate(3)"]

# Of the alphabet, of its extension, outside of it, in two UTF-16 units, folded, joined, removed, invisible, escaped.
CHARACTERS = st.one_of(
    st.sampled_from(GSM_BASIC),
    st.sampled_from(GSM_EXTENSION),
    st.sampled_from("αΆέΏж😀𝄞“–…×\u0301\u0308\u200d\ufe0f\u202e\u00ad\u200b\u2028\u00a0\u3164\\\t\n\r%sN"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
VALUES = st.one_of(
    st.none(),
    st.text(CHARACTERS, max_size=8),
    st.builds(lambda part, times: part * times, st.text(CHARACTERS, min_size=1, max_size=3), st.integers(1, 60)),
)


def _placeholder(name, filters):
    return "{" + "|".join([name, *filters]) + "}"


PARTS = st.one_of(
    st.text(CHARACTERS, max_size=20).map(lambda text: "".join(c for c in text if c.isprintable() and c not in "{}")),
    st.builds(_placeholder, st.sampled_from(NAMED), st.lists(st.sampled_from(FILTERS), max_size=2)),
    st.sampled_from(["\n", "\t", "%s %d %%", "x" * 60, "ω" * 30, "€" * 40, "😀" * 20]),
)
TEMPLATES = st.lists(PARTS, max_size=6).map("".join)
RECIPIENTS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=6)


def one_by_one(template, recipient, *, channel, folds):
    body = template.render(dict(zip(COLUMNS, recipient, strict=True)))
    measured = measure_for(channel, body)
    if folds:
        body, measured = fold(body, measured)
    return body, measured.encoding, measured.segments


def row(first_name, order, city):
    return (1, None, 7, "+306900000000", first_name, order, city)


@pytest.mark.parametrize(("channel", "folds"), [("sms", False), ("sms", True), ("whatsapp", False), ("whatsapp", True)])
@given(source=TEMPLATES, people=RECIPIENTS)
def test_every_text_is_the_one_that_its_recipient_alone_would_get(channel, folds, source, people):
    template = compile_template(source)
    renderer = Renderer(template, channel=channel, folds=folds, columns=COLUMNS)
    for person in [*people, *people]:
        recipient = row(*person)
        assert renderer.text_for(recipient) == one_by_one(template, recipient, channel=channel, folds=folds)


@given(st.lists(st.text(CHARACTERS, max_size=200), max_size=4))
def test_the_weights_of_the_parts_price_the_whole_or_leave_it_to_be_read(parts):
    text = "".join(parts)
    priced = measure_of(sum(map(weigh, parts)))
    assert priced is None or priced[:2] == measure(text)[:2]
    assert weigh(text) & ((1 << 60) - 1) == sum(map(weigh, parts)) & ((1 << 60) - 1)


@pytest.mark.parametrize(
    ("parts", "is_priced"),
    [
        (["x" * 160], True),
        (["x" * 161], True),
        (["x" * 158, "€"], True),
        (["x" * 159, "€"], False),
        (["ω" * 70], True),
        (["ω" * 71], True),
        (["ω" * 68, "😀"], True),
        (["ω" * 69, "😀"], False),
        # A text outside the alphabet counts in UTF-16, where the extension has no pairs.
        (["€" * 60, "ω" * 20], True),
        (["x" * 12_000], True),
    ],
)
def test_only_pairs_that_a_segment_might_split_are_left_to_be_read(parts, is_priced):
    assert (measure_of(sum(map(weigh, parts))) is not None) == is_priced


def test_a_value_that_was_forgotten_is_looked_at_again(monkeypatch):
    monkeypatch.setattr(rendering, "REMEMBERED", 2)
    template = compile_template("Hi {first_name|upper}")
    renderer = Renderer(template, channel="sms", folds=False, columns=COLUMNS)
    names = ["Anna", "Zoë", "Γιώργος", None, "", "Anna"]
    assert [renderer.text_for(row(name, None, None))[0] for name in names] == [
        *("Hi ANNA", "Hi ZOË", "Hi ΓΙΩΡΓΟΣ", "Hi ", "Hi ", "Hi ANNA"),
    ]
