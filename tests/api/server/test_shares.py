"""Whoever holds much of what is scarce leaves as much again for the others."""

import threading

import pytest

from api.server.shares import Shares


def taken(shares: Shares, who: str) -> int:
    """Takes as many as they may have, and returns how many that were."""
    count = 0
    while shares.take(who):
        count += 1
        assert count < 100, "it never refuses"
    return count


@pytest.mark.parametrize(("total", "alone"), [(1, 1), (2, 1), (3, 2), (4, 2), (16, 8)])
def test_one_alone_gets_half(total, alone):
    assert taken(Shares(total), "a") == alone


def test_the_next_ones_get_half_of_what_is_left_and_one_at_least():
    shares = Shares(16)
    assert [taken(shares, who) for who in "abcdefg"] == [8, 4, 2, 1, 1, 1, 1]


def test_what_is_put_back_goes_to_those_who_hold_less():
    shares = Shares(8)
    assert [taken(shares, who) for who in "ab"] == [4, 2]
    shares.put_back("a")
    assert [shares.take(who) for who in "aba"] == [False, True, False]


def test_one_that_waits_gets_what_is_put_back():
    shares = Shares(2)
    assert shares.take("a")
    began, got = threading.Event(), []

    def wait() -> None:
        began.set()
        got.append(shares.take("a", wait_sec=60))

    waiting = threading.Thread(target=wait)
    waiting.start()
    began.wait()
    shares.put_back("a")
    waiting.join()
    assert got == [True]
