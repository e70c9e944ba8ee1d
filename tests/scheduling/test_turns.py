"""Accounts with due schedules take turns in a tick."""

import pytest

from models.database import rows
from tests.clock import DAY, NINE, tick_at
from tests.factories import an_account
from tests.scheduling.schedules import a_schedule

pytestmark = pytest.mark.usefixtures("monday")


def due(account_id, count: int) -> None:
    for _ in range(count):
        a_schedule(account_id, scheduled_at=NINE)


def test_a_schedule_of_an_account_with_one_runs_after_one_of_an_account_with_many(account, jobs):
    due(account, 6)
    other = an_account().id
    due(other, 1)
    assert tick_at(NINE) == {"succeeded": 7}
    assert sorted(job.account_id for job in jobs[:2]) == sorted([account, other])


def test_accounts_have_their_turn_although_more_is_due_than_is_recorded_at_once(account, jobs, monkeypatch):
    monkeypatch.setattr("scheduling.tick.CLAIM_SIZE", 2)
    due(account, 5)
    others = [an_account().id for _ in range(2)]
    for other in others:
        due(other, 1)
    assert tick_at(NINE) == {"succeeded": 7}
    assert {job.account_id for job in jobs[:4]} == {account, *others}


def test_what_comes_up_while_an_account_with_many_has_its_runs_is_next(account, registering, monkeypatch):
    monkeypatch.setattr("scheduling.tick.LOOK_AGAIN_SEC", 0)
    other, ran = an_account().id, []

    def run(job) -> None:
        ran.append(job.account_id)
        if len(ran) == 1:
            rows("UPDATE schedule SET next_run_at = %s WHERE account_id = %s", [NINE, other])

    registering("note", run)
    due(other, 1)
    rows("UPDATE schedule SET next_run_at = %s", [NINE + DAY])
    due(account, 4)
    assert tick_at(NINE) == {"succeeded": 5}
    assert ran == [account, other, account, account, account]
