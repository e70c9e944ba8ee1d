"""The simulator's log: on disk before the answer, and complete after every crash."""

import asyncio
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from dispatch.providers import Outcome
from dispatch.providers.sessions import LazySession
from dispatch.providers.simulator import log as simulator_log
from dispatch.providers.simulator.log import AcceptedLog, LogInUse
from dispatch.providers.simulator.over_http import SimulatorOverHttp
from tests.simulator import lines, message, simulator_at


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "accepted.jsonl"


async def _append(path: Path, count: int) -> AcceptedLog:
    log = AcceptedLog(path)
    try:
        await asyncio.gather(*(log.append(message(n=n)) for n in range(count)))
    finally:
        await log.close()
    return log


def test_a_line_records_what_was_accepted(log_file):
    asyncio.run(_append(log_file, 1))
    [line] = lines(log_file)
    sent = message(n=0)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "to": sent.phone,
        "body": sent.body,
        "token": sent.token,
        "reference": sent.reference,
        "channel": "sms",
        "from": "Acme",
    }


def test_messages_that_arrive_together_share_one_sync(log_file):
    log = asyncio.run(_append(log_file, 500))
    assert log.commits == 1
    assert [line["reference"] for line in lines(log_file)] == [f"1-{n}" for n in range(500)]


def test_no_answer_is_sent_before_the_message_is_on_disk(log_file, monkeypatch):
    syncing, may_finish = threading.Event(), threading.Event()

    def slow_disk(fd: int) -> None:
        syncing.set()
        may_finish.wait()

    async def talk() -> None:
        async with simulator_at(log_file) as url:
            provider = SimulatorOverHttp(url, session=LazySession(connections=1, timeout=60))
            call = asyncio.create_task(provider.send(message()))
            try:
                await asyncio.to_thread(syncing.wait)
                async with aiohttp.ClientSession() as http, http.get(f"{url}/stats") as response:
                    assert (await response.json())["accepted"] == 0  # it serves others in the meantime
                assert not call.done()
            finally:
                may_finish.set()
            assert (await call).outcome == "accepted"
            await provider.close()

    monkeypatch.setattr(simulator_log, "_reach_disk", slow_disk)
    asyncio.run(talk())


@pytest.mark.parametrize("torn", [b'{"at": "2026', b"x" * 200_000], ids=["short", "longer-than-a-block"])
def test_a_line_cut_short_by_a_kill_is_removed_and_the_log_continues(log_file, torn):
    asyncio.run(_append(log_file, 2))
    with log_file.open("ab") as file:
        file.write(torn)
    log = asyncio.run(_append(log_file, 3))
    assert log.torn_bytes == len(torn)
    assert [line["reference"] for line in lines(log_file)] == ["1-0", "1-1", "1-0", "1-1", "1-2"]


def test_a_log_with_nothing_but_a_torn_line_becomes_empty(log_file):
    log_file.write_bytes(b"x" * 100_000)
    assert asyncio.run(_append(log_file, 0)).torn_bytes == 100_000
    assert log_file.read_bytes() == b""


def test_two_simulators_cannot_share_a_log(log_file):
    async def second() -> None:
        first = AcceptedLog(log_file)
        with pytest.raises(LogInUse, match=str(log_file)):
            AcceptedLog(log_file)
        await first.close()
        await AcceptedLog(log_file).close()

    asyncio.run(second())


def test_a_message_that_does_not_fit_on_the_disk_is_not_accepted_and_leaves_no_partial_line(log_file):
    async def talk() -> list[Outcome]:
        async with simulator_at(log_file) as url:
            provider = SimulatorOverHttp(url, session=LazySession(connections=1, timeout=60))
            outcomes = [(await provider.send(message(n=0))).outcome]
            with _files_no_larger_than(log_file.stat().st_size + 10):
                outcomes.append((await provider.send(message(n=1))).outcome)
            outcomes.append((await provider.send(message(n=2))).outcome)
            await provider.close()
            return outcomes

    assert asyncio.run(talk()) == ["accepted", "unknown", "accepted"]
    assert [line["reference"] for line in lines(log_file)] == ["1-0", "1-2"]


@contextmanager
def _files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
