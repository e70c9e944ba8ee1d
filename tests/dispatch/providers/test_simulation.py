"""What the simulator decides, and how little a decision costs."""

import asyncio

import pytest

from dispatch.providers import Answer, Outgoing
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.in_process import Simulator
from dispatch.providers.simulator.log import AttemptsFile
from tests.simulator import lines, message

PHONE = "+306900000001"
MANY = 20_000


def _failed(simulation: Simulation, attempt: int = 1) -> set[int]:
    found = set()
    for n in range(MANY):
        if not simulation.decide(PHONE, f"1-{n}", f"token-{n}-{attempt}", attempt).accepted:
            found.add(n)
    return found


def test_about_one_attempt_in_twenty_fails_and_may_be_retried():
    failed = _failed(Simulation(seed=1))
    # 1000 expected, standard deviation 31; the seed is fixed, so this cannot flicker.
    assert 900 < len(failed) < 1100
    decision = Simulation(seed=1).decide(PHONE, f"1-{min(failed)}", f"token-{min(failed)}-1")
    assert decision.answer == Answer("retryable", error_code="temporary")


def test_the_same_seed_fails_the_same_attempts_and_another_seed_others():
    assert _failed(Simulation(seed=7)) == _failed(Simulation(seed=7))
    assert _failed(Simulation(seed=7)) != _failed(Simulation(seed=8))


def test_a_retry_draws_again():
    simulation = Simulation(seed=1)
    failed_first, failed_second = _failed(simulation, attempt=1), _failed(simulation, attempt=2)
    failed_twice = failed_first & failed_second
    assert 0 < len(failed_twice) < len(failed_first) / 5


@pytest.mark.parametrize(("rate", "failures"), [(0.0, 0), (1.0, MANY)])
def test_a_failure_rate_of_0_never_fails_and_1_always_does(rate, failures):
    assert len(_failed(Simulation(failure_rate=rate))) == failures


def test_a_message_sent_twice_gets_two_ids():
    simulation = Simulation(failure_rate=0)
    ids = {simulation.decide(PHONE, "1-1", f"token-{attempt}").answer.provider_id for attempt in range(10)}
    assert len(ids) == 10


def test_without_latency_an_answer_takes_no_turn_of_the_event_loop():
    call = Simulator(Simulation(failure_rate=0), timeout=10).send(message())
    with pytest.raises(StopIteration) as ended:  # driven by hand: a single await of anything would suspend it
        call.send(None)
    assert ended.value.value.outcome == "accepted"


@pytest.mark.parametrize(("latency", "outcome"), [(0.01, "accepted"), (60, "unknown")])
def test_an_answer_later_than_the_timeout_is_unknown(latency, outcome):
    provider = Simulator(Simulation(failure_rate=0, latency=latency), timeout=0.05)
    assert asyncio.run(provider.send(message())).outcome == outcome


def test_every_attempt_is_recorded_with_phone_body_and_outcome(tmp_path):
    attempts = tmp_path / "deep" / "attempts.jsonl"
    sent = [message("+15005550003", attempt=attempt) for attempt in (1, 2)] + [message("+15005550004", n=1)]
    asyncio.run(_send_all(sent, AttemptsFile(attempts)))
    recorded = lines(attempts)
    assert all(line.pop("at").endswith("+00:00") for line in recorded)
    assert recorded == [
        _recorded(sent[0], outcome="retryable", accepted=False),
        _recorded(sent[1], outcome="retryable", accepted=False),
        _recorded(sent[2], outcome="unknown", accepted=True),
    ]


async def _send_all(messages: list[Outgoing], attempts: AttemptsFile) -> None:
    provider = Simulator(Simulation(), timeout=0.01, attempts=attempts)
    for each in messages:
        await provider.send(each)
    await provider.close()


def _recorded(sent: Outgoing, **result: object) -> dict[str, object]:
    return {
        "phone": sent.phone,
        "body": sent.body,
        "reference": sent.reference,
        "token": sent.token,
        **result,
    }
