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


def test_one_that_waits_gets_what_is_put_back_and_so_do_those_behind_it():
    shares, got = Shares(2), []
    assert shares.take("a")

    def wait_and_put_back() -> None:
        got.append(shares.take("a", wait_sec=60))
        shares.put_back("a")

    waiting = [threading.Thread(target=wait_and_put_back) for _ in range(20)]
    for each in waiting:
        each.start()
    shares.put_back("a")
    for each in waiting:
        each.join()
    assert got == [True] * 20
    assert taken(shares, "a") == 1, "nothing was lost"


def test_one_that_has_waited_too_long_is_refused_and_takes_nothing_later():
    shares = Shares(2)
    assert shares.take("a")
    assert not shares.take("a", wait_sec=0.01)
    shares.put_back("a")
    assert taken(shares, "a") == 1
