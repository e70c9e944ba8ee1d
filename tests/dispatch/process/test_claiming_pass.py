"""A call that fails in a pass costs no other account its call."""

import asyncio
from time import monotonic

import pytest
from psycopg import OperationalError
from structlog.testing import capture_logs

from dispatch.process.claiming_pass import Passes, claim_and_call


def run(first, then, broken, problem):
    """Calls for these owners and for what is claimed next; returns whose calls ended, and how often it claimed."""
    ended, claims, left = [], [], list(then)

    async def call(owner: str, _claimed_at: float) -> None:
        if owner in broken:
            raise problem(owner)
        await asyncio.sleep(0.05)
        ended.append(owner)

    def claim(most: int, busy: list[str]) -> list[str]:
        claims.append(busy)
        return [left.pop(0)] if left else []

    async def work() -> int:
        with Passes().turn() as turn:
            return await claim_and_call(
                first, call, claim, turn=turn, owner_of=str, first_claimed_at=monotonic(), most=10
            )

    with pytest.raises(problem, match=broken[0]):
        asyncio.run(work())
    return ended, claims


def test_what_one_call_raises_is_raised_once_the_others_have_ended_and_what_is_due_meanwhile_is_called():
    ended, claims = run(["broken", "slow"], ["next"], ["broken"], ValueError)
    assert sorted(ended) == ["next", "slow"]
    assert claims[0] == ["slow"]


def test_of_several_calls_that_raise_the_first_is_raised_and_the_others_are_logged():
    with capture_logs() as logged:
        ended, _ = run(["broken", "slow"], ["too", "next"], ["broken", "too"], ValueError)
    assert sorted(ended) == ["next", "slow"]
    assert [(line["event"], str(line["exc_info"])) for line in logged] == [("call.failed", "too")]


def test_nothing_more_is_claimed_when_the_database_does_not_answer():
    assert run(["broken", "slow"], ["next"], ["broken"], OperationalError) == (["slow"], [])
