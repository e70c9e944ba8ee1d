"""A call that fails in a pass costs no other account its call."""

import asyncio
from time import monotonic

import pytest

from dispatch.process.claiming_pass import claim_and_call


def test_what_one_call_raises_is_raised_once_the_others_have_ended():
    ended, claims = [], []

    async def call(owner: str, _claimed_at: float) -> None:
        if owner == "broken":
            raise ValueError(owner)
        await asyncio.sleep(0.05)
        ended.append(owner)

    def claim(most: int, busy: list[str]) -> list[str]:
        claims.append(most)
        return []

    async def run() -> int:
        return await claim_and_call(
            ["broken", "slow"], call, claim, owner_of=str, first_claimed_at=monotonic(), most=10
        )

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())
    assert ended == ["slow"]
    assert claims == [], "nothing is claimed for a pass that has failed"
