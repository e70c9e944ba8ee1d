"""Who gets which of a campaign's texts: at random, in the shares given, and always the same."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidRequest
from dispatch.texts.variants import Split, Variant, checked_split

NO_ACCOUNT = UUID(int=0)
PEOPLE = 20_000


def a_split(*shares: int | None, hold_back: int = 0) -> Split:
    variants = [Variant(text=f"text {number}", share=share) for number, share in enumerate(shares)]
    made = checked_split(NO_ACCOUNT, variants, hold_back=hold_back, whatsapp_template=None)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ((None, None), (50, 50)),
        ((None, None, None), (34, 33, 33)),
        ((None, None, None, None), (25, 25, 25, 25)),
        ((90, 10), (90, 10)),
        ((1, 1, 98), (1, 1, 98)),
    ],
)
@pytest.mark.parametrize("hold_back", [0, 10, 80])
def test_each_text_is_drawn_by_its_share_of_those_who_are_sent_any(given, drawn, hold_back):
    split = a_split(*given, hold_back=hold_back)
    counts = Counter(split.draw(7, person) for person in range(PEOPLE))
    sent = PEOPLE - counts[None]
    # The draws are always the same, so these bounds are no matter of luck.
    assert abs(counts[None] / PEOPLE * 100 - hold_back) < 1
    assert sum(abs(counts[number] / sent * 100 - share) for number, share in enumerate(drawn, 1)) < 4


@given(seed=st.integers(1, 2**63), person=st.integers(1, 2**63), hold_back=st.integers(0, 90))
def test_a_person_draws_the_same_again_and_in_a_follow_up_that_holds_no_one_back(seed, person, hold_back):
    split = a_split(60, 30, 10, hold_back=hold_back)
    drawn = split.draw(seed, person)
    assert drawn == split.draw(seed, person)
    assert drawn in (None, a_split(60, 30, 10).draw(seed, person))


def test_campaigns_draw_independently_of_each_other():
    split = a_split(None, None)
    same = sum(split.draw(1, person) == split.draw(2, person) for person in range(PEOPLE))
    assert abs(same / PEOPLE - 0.5) < 0.02


@given(st.lists(st.none() | st.integers(-5, 105), max_size=6))
def test_shares_are_refused_or_make_a_hundred(shares):
    try:
        split = a_split(*shares)
    except InvalidRequest:
        return
    made = [each.share for each in split.variants]
    assert 2 <= len(made) <= 4
    assert sum(share or 0 for share in made) == 100
    assert all(share and share > 0 for share in made)
