"""Every number that forces an outcome, in process and over HTTP."""

import asyncio
import re
from pathlib import Path

import phonenumbers
import pytest

from dispatch.providers import Answer, Provider
from dispatch.providers.sessions import LazySession
from dispatch.providers.simulator.decisions import MAGIC_NUMBERS, MagicNumber, Simulation
from dispatch.providers.simulator.in_process import Simulator
from dispatch.providers.simulator.over_http import SimulatorOverHttp
from tests.simulator import lines, message, simulator_at

MANUAL = Path(__file__).parents[3] / "docs" / "simulator.md"
SLOW = 0.01

EXPECTED = {
    "+15005550001": (False, Answer("rejected", error_code="invalid_number")),
    "+15005550002": (False, Answer("deferred", error_code="throttled", retry_after=2)),
    "+15005550003": (False, Answer("retryable", error_code="temporary")),
    "+15005550004": (True, Answer("unknown", error_code="timeout")),
    "+15005550005": (True, Answer("unknown", error_code="internal")),
    "+15005550006": (True, Answer("accepted")),
    "+15005550007": (True, Answer("accepted")),
    "+15005550008": (False, Answer("halted", error_code="unauthorized")),
    "+15005550009": (False, Answer("opted_out", error_code="opted_out")),
    "+15005550010": (True, Answer("accepted")),
    "+15005550011": (True, Answer("accepted")),
    "+15005550012": (True, Answer("accepted")),
    "+15005550013": (True, Answer("accepted")),
    "+15005550014": (True, Answer("accepted")),
    "+15005550015": (True, Answer("unknown", error_code="internal")),
    "+15005550016": (True, Answer("accepted")),
    "+15005550017": (True, Answer("accepted")),
}

each_number = pytest.mark.parametrize("number", MAGIC_NUMBERS, ids=lambda number: number.phone)


def _simulation() -> Simulation:
    # Every other attempt would fail: a magic number has its outcome at every rate.
    return Simulation(failure_rate=1, slow=SLOW)


def _timeout(number: MagicNumber) -> float:
    return 0.3 if number.silent else 10


@each_number
def test_a_magic_number_forces_its_outcome_in_process(number):
    answer = asyncio.run(_sent_by(Simulator(_simulation(), timeout=_timeout(number)), number))
    _check(answer, number)


@each_number
def test_a_magic_number_forces_its_outcome_over_http(number, tmp_path):
    answer = asyncio.run(_sent_over_http(number, tmp_path / "log"))
    _check(answer, number)
    accepted, _ = EXPECTED[number.phone]
    assert [line["to"] for line in lines(tmp_path / "log")] == [number.phone] * accepted


def test_a_slow_answer_that_misses_the_timeout_is_unknown_though_accepted(tmp_path):
    async def send() -> Answer:
        async with simulator_at(tmp_path / "log", Simulation(slow=60)) as url:
            return await _sent_by(SimulatorOverHttp(url, session=LazySession(connections=1, timeout=0.3)), slow)

    slow = next(number for number in MAGIC_NUMBERS if number.slow)
    assert asyncio.run(send()) == Answer("unknown", error_code="timeout")
    assert len(lines(tmp_path / "log")) == 1


def test_magic_numbers_can_be_imported_like_any_other():
    assert {number.phone for number in MAGIC_NUMBERS} == set(EXPECTED)
    for number in MAGIC_NUMBERS:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number.phone)
        assert phonenumbers.is_valid_number(phonenumbers.parse(number.phone))


def test_the_manual_has_the_table_of_numbers():
    manual = MANUAL.read_text()
    for number in MAGIC_NUMBERS:
        assert f"| `{number.phone}` | {number.sentence} | {number.outcome} |" in manual


async def _sent_by(provider: Provider, number: MagicNumber) -> Answer:
    try:
        return await provider.send(message(number.phone))
    finally:
        await provider.close()


async def _sent_over_http(number: MagicNumber, log: Path) -> Answer:
    async with simulator_at(log, _simulation()) as url:
        return await _sent_by(
            SimulatorOverHttp(url, session=LazySession(connections=1, timeout=_timeout(number))), number
        )


def _check(answer: Answer, number: MagicNumber) -> None:
    _, expected = EXPECTED[number.phone]
    decided = _simulation().decide(number.phone, message().reference, message().token).answer
    assert answer.outcome == expected.outcome
    assert answer.error_code == expected.error_code
    assert answer.retry_after == expected.retry_after
    # The id is the same in process and over HTTP; only an acceptance has one.
    assert answer.provider_id == decided.provider_id
    assert (answer.provider_id is not None) == (expected.outcome == "accepted")
