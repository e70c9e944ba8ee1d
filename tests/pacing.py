"""Judges by the times of calls whether a rate was kept."""

from collections.abc import Iterable


def most_in_a_second(times: Iterable[float]) -> int:
    """Returns the largest number of these times that fall into one second, wherever it begins."""
    ordered = sorted(times)
    most = first = 0
    for last, time in enumerate(ordered):
        while time - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
