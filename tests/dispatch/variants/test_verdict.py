"""Which of several texts is best, or that it is too early to tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.campaigns.verdict import verdict_of

COUNTS = st.lists(
    st.integers(0, 5000).flatmap(lambda sent: st.tuples(st.just(sent), st.integers(0, sent))), min_size=2, max_size=4
).map(lambda counts: [(number, sent, did) for number, (sent, did) in enumerate(counts, 1)])


# By hand, the first three have z = 2.16, 2.002 and 1.93; 5 % of chance is beyond 1.96.
@pytest.mark.parametrize(
    ("counts", "by", "winner"),
    [
        ([(1, 500, 60), (2, 500, 84)], "clicked", 2),
        ([(1, 1000, 80), (2, 1000, 106)], "clicked", 2),
        ([(1, 1000, 80), (2, 1000, 105)], "clicked", None),
        ([(1, 1000, 106), (2, 1000, 80)], "opted_out", 2),
        # Three pairs share the 5 %.
        ([(1, 1000, 80), (2, 1000, 106), (3, 1000, 20)], "clicked", None),
        ([(1, 1000, 80), (2, 1000, 120), (3, 1000, 20)], "clicked", 2),
        ([(1, 1000, 80), (2, 1000, 300), (3, 1000, 300)], "clicked", None),
        # Too few for the approximation, however large the difference.
        ([(1, 8, 0), (2, 8, 8)], "clicked", None),
        ([(1, 1000, 0), (2, 1000, 9)], "replied", None),
        ([(1, 1000, 0), (2, 1000, 0)], "replied", None),
        ([(1, 1000, 1000), (2, 1000, 1000)], "delivered", None),
        ([(1, 0, 0), (2, 1000, 900)], "delivered", None),
        ([(1, 0, 0), (2, 0, 0)], "delivered", None),
    ],
)
def test_a_text_wins_when_chance_does_not_explain_the_difference(counts, by, winner):
    verdict = verdict_of(counts, by)
    assert verdict.winner == winner
    assert verdict.text.startswith(f"Variant {winner} is best" if winner else "Too early to tell")


def test_the_verdict_says_how_many_people_are_missing():
    verdict = verdict_of([(1, 200, 16), (2, 200, 24)], "clicked")
    # For each text (1.96 + 0.84)² · (0.08 · 0.92 + 0.12 · 0.88) / 0.04² = 879 people.
    assert verdict.more_needed == pytest.approx(2 * (879 - 200), abs=2)
    assert f"About {verdict.more_needed:,} more people are needed" in verdict.text


@given(COUNTS, st.sampled_from(["delivered", "clicked", "replied", "opted_out"]))
def test_any_counts_have_a_verdict_that_does_not_depend_on_their_order(counts, by):
    verdict = verdict_of(counts, by)
    assert verdict.winner == verdict_of(counts[::-1], by).winner
    assert verdict.winner is None or verdict.more_needed is None
    assert verdict.more_needed is None or verdict.more_needed > 0
    if verdict.winner is not None:
        shares = {number: did / sent for number, sent, did in counts}
        best = min if by == "opted_out" else max
        assert shares[verdict.winner] == best(shares.values())
