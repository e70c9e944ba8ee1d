"""Campaigns are started several at a time, never more than allowed, and each with a connection of its own."""

import threading

import pytest
import structlog

from dispatch.start.starters import each_at_once
from models.database import scalar
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db")


def test_so_many_are_begun_at_once_and_no_more():
    running, most, ended = set(), [], []

    def act(subject):
        running.add(subject)
        # The last ones are not waited for by as many.
        wait_until(lambda: len(running) == 3 or len(ended) > 6, "three have begun")
        most.append(len(running))
        running.discard(subject)
        ended.append(subject)
        return subject

    assert sorted(each_at_once(range(9), act, at_once=3)) == list(range(9))
    assert max(most) == 3


def test_the_next_one_is_asked_for_when_it_can_begin():
    begun = []

    def subjects():
        for number in range(4):
            yield number
            # Asked for the next: one of the two places is free again, or was never taken.
            assert len(begun) - len(outcomes) <= 2

    outcomes = []
    for outcome in each_at_once(subjects(), lambda number: begun.append(number) or number, at_once=2):
        outcomes.append(outcome)
    assert sorted(outcomes) == [0, 1, 2, 3]


def test_one_at_a_time_is_begun_in_the_callers_thread_and_in_order():
    threads = list(each_at_once(range(3), lambda number: (number, threading.current_thread()), at_once=1))
    assert threads == [(number, threading.current_thread()) for number in range(3)]


def test_each_has_a_connection_of_its_own_and_returns_it():
    backends = []

    def backend(_):
        backends.append(scalar("SELECT pg_backend_pid()"))
        wait_until(lambda: len(backends) == 2, "the other one is connected too")

    list(each_at_once(range(2), backend, at_once=2))
    ours = scalar("SELECT pg_backend_pid()")
    assert len({*backends, ours}) == 3, "and the caller's stays open"


def test_what_is_bound_to_the_callers_log_lines_is_bound_to_theirs():
    with structlog.contextvars.bound_contextvars(job_id="sweep-1"):
        found = list(each_at_once(range(2), lambda _: structlog.contextvars.get_contextvars(), at_once=2))
    assert found == [{"job_id": "sweep-1"}] * 2


def test_an_exception_reaches_the_caller_after_the_others_have_ended():
    ended = []

    def act(number):
        if number == 0:
            raise LookupError
        ended.append(number)

    with pytest.raises(LookupError):
        list(each_at_once(range(4), act, at_once=4))
    assert sorted(ended) == [1, 2, 3]
