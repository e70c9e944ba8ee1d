"""Whether one of several texts did better than the others, by a stated test, in plain words.

A two-sided z-test of two proportions with a pooled standard error compares the best text with each other one
(NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3: https://www.itl.nist.gov/div898/handbook/prc/section3/prc33.htm)
at 95 % together: 5 % are divided by the number of pairs (Bonferroni, 7.4.7.3 there). The number of people that are
missing is that with which such a test finds the present difference four times in five (7.2.4.2 there).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb, sqrt
from statistics import NormalDist

from dispatch.counting import counted
from dispatch.texts.winner_rule import Measure

CONFIDENCE = 0.95
POWER = 0.8
#: The normal approximation needs at least so many people expected on either side (7.3.3 there).
FEWEST_EXPECTED = 5
_DID = {"delivered": "got it", "clicked": "clicked", "replied": "replied", "opted_out": "opted out"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which text is best by one measure; None when it is too early to tell."""

    winner: int | None
    #: About how many more people it takes in all; None when there is a winner, or no difference yet.
    more_needed: int | None
    text: str


def verdict_of(counts: Sequence[tuple[int, int, int]], by: Measure) -> Verdict:
    """Returns the verdict on texts of which each is (its number, people sent, people who did what is measured).

    The best has the largest share, or of opt-outs the smallest.
    """
    sent = [each for each in counts if each[1]]
    if len(sent) < len(counts) or len(sent) < 2:
        return Verdict(None, None, "Too early to tell: not every text has been sent to someone.")
    best, *others = _ranked(sent, by)
    alpha = (1 - CONFIDENCE) / comb(len(sent), 2)
    said = f"{_share(best)} of the people with variant {best[0]} {_DID[by]}"
    open_ = [other for other in others if not _differ(best, other, alpha)]
    if not open_:
        rest = ", ".join(f"{_share(other)} with variant {other[0]}" for other in others)
        how = "fewer" if by == "opted_out" else "more"
        return Verdict(best[0], None, f"Variant {best[0]} is best: {said}, {how} than {rest} (at 95 %).")
    second = open_[0]
    missing = _missing(best, second, alpha, len(sent))
    if missing is None:
        return Verdict(None, None, f"Too early to tell: {said}, and as many with variant {second[0]}.")
    return Verdict(
        None,
        missing,
        f"Too early to tell: {said} and {_share(second)} with variant {second[0]}, which may be chance. About "
        f"{counted(missing, 'more person is', 'more people are')} needed.",
    )


def leading(counts: Sequence[tuple[int, int, int]], by: Measure) -> int | None:
    """Returns the text with the best share, which may be chance; the first of several, None if none was sent."""
    ranked = _ranked([each for each in counts if each[1]], by)
    return ranked[0][0] if ranked else None


def _ranked(sent: Sequence[tuple[int, int, int]], by: Measure) -> list[tuple[int, int, int]]:
    return sorted(sent, key=lambda each: each[2] / each[1], reverse=by != "opted_out")


def _share(counts: tuple[int, int, int]) -> str:
    return f"{counts[2] / counts[1] * 100:.1f} %"


def _differ(one: tuple[int, int, int], other: tuple[int, int, int], alpha: float) -> bool:
    """Returns whether the shares differ by more than chance explains."""
    pooled = (one[2] + other[2]) / (one[1] + other[1])
    if min(one[1], other[1]) * min(pooled, 1 - pooled) < FEWEST_EXPECTED:
        return False
    z = abs(one[2] / one[1] - other[2] / other[1]) / sqrt(pooled * (1 - pooled) * (1 / one[1] + 1 / other[1]))
    return 2 * (1 - NormalDist().cdf(z)) < alpha


def _missing(one: tuple[int, int, int], other: tuple[int, int, int], alpha: float, texts: int) -> int | None:
    """Returns how many more people all the texts need together; None when the two shares are the same."""
    first, second = one[2] / one[1], other[2] / other[1]
    if first == second:
        return None
    normal = NormalDist()
    z = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(POWER)
    each = z * z * (first * (1 - first) + second * (1 - second)) / (first - second) ** 2
    # Enough people that the approximation holds.
    pooled = (one[2] + other[2]) / (one[1] + other[1])
    each = max(each, FEWEST_EXPECTED / min(pooled, 1 - pooled))
    return max(texts, ceil(texts * (each - min(one[1], other[1]))))
