"""Whoever is slow holds nothing: one web process answers others beside 200 slow clients of each kind."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import psycopg
import pytest

from dispatch.accounts.keys import issue_key, revoke_key
from models.database import rows
from tests.factories import a_campaign, a_key, an_account, asking, customers
from tests.waiting import wait_until
from tests.web import chunked, head, read_answer, running_web

pytestmark = pytest.mark.processes

SLOW, OTHERS = 200, 20
POOL = 4
CSV, JSON = {"Content-Type": "text/csv"}, {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def web(servers, tmp_path_factory):
    """One process with few connections to the database: what a slow client held, the others would lack."""
    with running_web(tmp_path_factory.mktemp("web"), DATABASE_POOL=POOL) as running:
        yield running


def drips_headers(line: socket.socket) -> None:
    line.sendall(b"GET /api/campaigns HTTP/1.1\r\nHost: web.test\r\nX-Slow: ")


def says_nothing(line: socket.socket) -> None:
    pass


def drips_a_body(line: socket.socket, key: str, path: str) -> None:
    line.sendall(head("POST", path, key=key, headers={"Content-Length": 1000} | CSV) + b"phone\n")


def drips_chunks(line: socket.socket, key: str, path: str) -> None:
    line.sendall(head("POST", path, key=key, headers={"Transfer-Encoding": "chunked"} | CSV) + chunked(b"phone\n")[:8])


def never_reads(line: socket.socket, key: str, path: str) -> None:
    line.sendall(head("GET", path, key=key))


@contextmanager
def held(web, begin: Callable[[socket.socket], None], count: int = SLOW) -> Iterator[list[socket.socket]]:
    """Holds so many lines on which the client has begun and does no more; one that web ends is begun again."""
    lines = [begun(web, begin) for _ in range(count)]
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.2):
            for place, line in enumerate(lines):
                if was_ended(line):
                    line.close()
                    lines[place] = begun(web, begin)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    try:
        yield lines
    finally:
        over.set()
        holder.join()
        for line in lines:
            line.close()


def begun(web, begin: Callable[[socket.socket], None]) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", web.port))
    begin(line)
    return line


def was_ended(line: socket.socket) -> bool:
    try:
        return line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def others_are_answered(web, key: str) -> bool:
    answers = [web.ask("GET", "/api/campaigns", key=key).status for _ in range(OTHERS // 2)]
    answers += [web.ask("POST", "/api/campaigns", key=key, body=b'{"name": "n"}', headers=JSON).status for _ in answers]
    return answers == [200] * (OTHERS // 2) + [201] * (OTHERS // 2)


@pytest.mark.parametrize("begin", [drips_headers, says_nothing])
def test_others_are_answered_beside_200_strangers_who_never_finish_a_request(web, db, key, begin):
    with held(web, begin):
        assert others_are_answered(web, key)


@pytest.mark.parametrize("path", ["/api/campaigns", "/api/suppressions/import", "/api/imports?list=l"])
@pytest.mark.parametrize("begin", [drips_a_body, drips_chunks])
def test_others_are_answered_beside_200_bodies_that_never_end(web, db, key, begin, path):
    with held(web, partial(begin, key=key, path=path)):
        assert others_are_answered(web, key)


def test_others_are_answered_beside_200_readers_who_never_read(web, db, account, key):
    customers(account, 20_000)
    with held(web, partial(never_reads, key=key, path="/api/customers/export")):
        assert others_are_answered(web, key)


def test_others_are_answered_beside_all_kinds_of_slow_clients_at_once(web, db, account, key):
    customers(account, 5_000)
    kinds = [
        drips_headers,
        partial(drips_a_body, key=key, path="/api/imports?list=l"),
        partial(never_reads, key=key, path="/api/customers/export"),
    ]
    with ExitStack() as stack:
        for begin in kinds:
            stack.enter_context(held(web, begin, count=100))
        assert others_are_answered(web, key)


def test_a_download_is_whole_for_whoever_reads_it_beside_those_who_do_not(web, db, account, key):
    customers(account, 20_000)
    with held(web, partial(never_reads, key=key, path="/api/customers/export"), count=20):
        answer = web.ask("GET", "/api/customers/export", key=key, headers={"Connection": "close"})
    assert answer.body.count(b"\r\n+3069") == 20_000


def test_queries_that_wait_do_not_stop_requests_that_need_none_and_are_answered_in_the_end(web, db, servers):
    # Each of another account, because one alone does not get every connection.
    keys = [a_key(an_account()) for _ in range(POOL)]
    with ExitStack() as stack, psycopg.connect(servers.database_url) as other:
        other.execute("LOCK TABLE campaign IN ACCESS EXCLUSIVE MODE")
        lines = [stack.enter_context(web.connect()) for _ in keys]
        for line, key in zip(lines, keys, strict=True):
            line.sendall(head("POST", "/api/campaigns", key=key, headers={"Content-Length": 13} | JSON))
            line.sendall(b'{"name": "n"}')
        wait_until(lambda: waiting_for_the_table() == POOL, "every connection of the pool waits")
        assert all(web.ask("GET", "/health/live").status == 200 for _ in range(OTHERS))
        other.rollback()
        assert [read_answer(line).status for line in lines] == [201] * POOL


def test_one_waiting_query_does_not_stop_requests_that_need_the_database(web, db, servers, key):
    raw = head("POST", "/api/campaigns", key=key, headers={"Content-Length": 13} | JSON) + b'{"name": "n"}'
    with psycopg.connect(servers.database_url) as other, web.connect() as line:
        other.execute("LOCK TABLE campaign IN ACCESS EXCLUSIVE MODE")
        line.sendall(raw)
        wait_until(lambda: waiting_for_the_table() == 1, "the query waits")
        assert all(web.ask("GET", "/api/customers", key=key).status == 200 for _ in range(OTHERS))
        other.rollback()
        assert read_answer(line).status == 201


def test_a_stream_ends_when_its_key_is_revoked(web, db, account):
    made = issue_key(asking(account.id), scopes=["read"])
    campaign = a_campaign(account, recipients=1)
    with web.connect() as line:
        path = f"/api/campaigns/{campaign.id}/events"
        line.sendall(head("GET", path, key=made.key, headers={"Connection": "close"}))
        stream = line.makefile("rb")
        wait_until(lambda: stream.readline().startswith(b"id: 1"), "the first event")
        revoke_key(asking(account.id), made.id)
        assert b"event: end" not in stream.read()


def test_streams_of_one_account_leave_room_for_those_of_another(tmp_path, servers, db, account, key):
    mine, theirs = a_campaign(account, recipients=1), a_campaign(other := an_account(), recipients=1)
    with running_web(tmp_path, WEB_STREAMS_PER_ACCOUNT=2) as web, ExitStack() as stack:
        follow = head("GET", f"/api/campaigns/{mine.id}/events", key=key)
        lines = [stack.enter_context(web.connect()) for _ in range(2)]
        for line in lines:
            line.sendall(follow)
            assert line.recv(12) == b"HTTP/1.1 200"
        assert web.exchange(follow).code == "STREAMS_BUSY"
        line = stack.enter_context(web.connect())
        line.sendall(head("GET", f"/api/campaigns/{theirs.id}/events", key=a_key(other)))
        assert line.recv(12) == b"HTTP/1.1 200"


def test_downloads_of_one_account_leave_room_for_those_of_another_and_for_the_next_ones(tmp_path, db, account, key):
    customers(account, 20_000)
    # More than all buffers between two sockets take, so that who does not read holds a place.
    rows("UPDATE customer SET attributes = jsonb_build_object('note', repeat('x', 1000))")
    other = a_key(an_account())
    download = head("GET", "/api/customers/export", key=key)
    with running_web(tmp_path, WEB_DOWNLOADS_PER_ACCOUNT=2) as web:
        with ExitStack() as stack:
            for _ in range(2):
                line = stack.enter_context(web.connect())
                line.sendall(download)
                assert line.recv(12) == b"HTTP/1.1 200"
            assert web.exchange(download).code == "STREAMS_BUSY"
            assert web.ask("GET", "/api/customers/export", key=other).status == 200
        wait_until(lambda: web.ask("GET", "/api/customers/export", key=key).status == 200, "their places are free")


def waiting_for_the_table() -> int:
    return rows("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0]["n"]
