"""The simulator as operators run it: started, called, stopped, killed."""

import asyncio
import json
import socket
import subprocess

import aiohttp
import pytest

from dispatch.providers import Outcome
from dispatch.providers.sessions import LazySession
from dispatch.providers.simulator.over_http import SimulatorOverHttp
from tests.simulator import SimulatorProcess, lines, message, simulator_command, simulator_process

pytestmark = pytest.mark.processes


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "accepted.jsonl"


@pytest.fixture(scope="module")
def shared_simulator(tmp_path_factory):
    with simulator_process(tmp_path_factory.mktemp("simulator") / "accepted.jsonl") as simulator:
        yield simulator


async def _send_until_killed(simulator: SimulatorProcess, enough: int, crowd: int = 32) -> set[str]:
    """Kills the simulator with calls in flight, once `enough` were answered; returns the tokens that it accepted."""
    provider = SimulatorOverHttp(simulator.url, session=LazySession(connections=crowd, timeout=10))
    answered: set[str] = set()

    async def sender(number: int) -> None:
        for n in range(number, 1_000_000, crowd):
            answer = await provider.send(message(n=n))
            if answer.outcome != "accepted":
                return
            answered.add(message(n=n).token)
            if len(answered) == enough:
                simulator.process.kill()

    await asyncio.gather(*(sender(number) for number in range(crowd)))
    await provider.close()
    return answered


def test_every_message_answered_before_a_kill_is_in_the_log_once(log_file):
    with simulator_process(log_file) as simulator:
        answered = asyncio.run(_send_until_killed(simulator, enough=300))
    with simulator_process(log_file) as again:  # cuts a torn line, if the kill left one
        assert again.stop() == 0
    logged = [line["token"] for line in lines(log_file)]
    assert len(answered) >= 300
    assert answered <= set(logged)
    assert len(logged) == len(set(logged))


def test_a_restart_appends_and_counts_what_was_there(log_file):
    async def send(url: str, n: int) -> int:
        provider = SimulatorOverHttp(url, session=LazySession(connections=1, timeout=10))
        await provider.send(message(n=n))
        await provider.close()
        async with aiohttp.ClientSession() as http, http.get(f"{url}/stats") as response:
            return int((await response.json())["accepted"])

    for n in (0, 1):
        with simulator_process(log_file) as simulator:
            assert asyncio.run(send(simulator.url, n)) == n + 1
            assert simulator.stop() == 0
    assert [line["reference"] for line in lines(log_file)] == ["1-0", "1-1"]


def test_stopping_does_not_wait_for_callers_who_will_never_be_answered(log_file):
    async def talk(simulator: SimulatorProcess) -> str:
        provider = SimulatorOverHttp(simulator.url, session=LazySession(connections=1, timeout=60))
        silent = asyncio.create_task(provider.send(message("+15005550004")))
        while not lines(log_file):
            await asyncio.sleep(0.01)
        assert await asyncio.to_thread(simulator.stop) == 0
        answer = await silent
        await provider.close()
        return answer.outcome

    with simulator_process(log_file) as simulator:
        assert asyncio.run(talk(simulator)) == "unknown"
    assert len(lines(log_file)) == 1


def test_the_options_reach_the_simulation(log_file, tmp_path):
    async def talk(url: str) -> list[Outcome]:
        provider = SimulatorOverHttp(url, session=LazySession(connections=1, timeout=10))
        outcomes = [(await provider.send(message("+306900000001", n=n))).outcome for n in range(5)]
        await provider.close()
        return outcomes

    attempts = tmp_path / "attempts.jsonl"
    with simulator_process(log_file, "--failure-rate", 1, "--attempts", attempts) as simulator:
        assert asyncio.run(talk(simulator.url)) == ["retryable"] * 5
    assert [(line["phone"], line["outcome"]) for line in lines(attempts)] == [("+306900000001", "retryable")] * 5
    assert lines(log_file) == []


def test_a_port_in_use_is_refused_in_one_sentence(log_file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            simulator_command("--port", port, "--log", log_file), capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} of 127.0.0.1 is taken; choose another with --port.\n"


def test_a_log_in_use_is_refused_in_one_sentence(log_file):
    with simulator_process(log_file):
        ended = subprocess.run(
            simulator_command("--port", 0, "--log", log_file), capture_output=True, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == f"{log_file} is being written by another simulator; choose another file with --log.\n"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 50_000,
        json.dumps({"channel": "sms", "to": "0123", "body": "x", "reference": "1-1", "token": "t"}).encode(),
        json.dumps({"channel": "sms", "to": "+15005550006", "body": 7, "reference": "1", "token": "t"}).encode(),
        b'{"channel":"sms","to":"+15005550006","body":"\\ud800","reference":"1","token":"t"}',
    ],
    ids=["text", "not-utf8", "list", "empty", "deep", "phone", "body", "half-a-surrogate"],
)
def test_an_invalid_message_is_refused(body, shared_simulator):
    async def post() -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{shared_simulator.url}/messages", data=body) as response,
        ):
            return response.status, (await response.json())["error"]["code"]

    assert asyncio.run(post()) == (400, "invalid_request")
