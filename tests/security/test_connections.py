"""One account's slow requests leave connections to the database for those of others."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from models.database import rows
from tests.factories import a_key, a_segment, an_account, customers
from tests.waiting import PATIENCE_SEC, wait_until
from tests.web import Answer, head, read_answer, running_web

POOL, AT_ONCE, OTHERS = 4, 12, 10
JSON = {"Content-Type": "application/json"}
PREVIEW = b'{"filter": {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}}'


@pytest.fixture(scope="module")
def web(servers, tmp_path_factory):
    """One process with few connections."""
    with running_web(tmp_path_factory.mktemp("web"), DATABASE_POOL=POOL) as running:
        yield running


@pytest.fixture
def reader(account):
    """A key of the account that only reads."""
    return a_key(account, scopes=["read"])


@contextmanager
def nothing_is_read_of(servers, table: str) -> Iterator[None]:
    """Lets every statement that reads the table wait until the end of the block."""
    with psycopg.connect(servers.database_url) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def slow_requests(segment: int) -> dict[str, bytes]:
    """Returns requests that read customers, each as its line and its body."""
    return {
        "POST /api/segments/preview": PREVIEW,
        f"POST /api/segments/{segment}/preview": b"",
        "GET /api/customers?q=maria": b"",
    }


def raw(line: str, key: str, body: bytes) -> bytes:
    return head(*line.split(), key=key, headers={"Content-Length": len(body), **JSON}) + body


def statements_that_wait() -> int:
    return rows("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0]["n"]


def all_answered(web, method: str, path: str, key: str | None) -> bool:
    return all(web.ask(method, path, key=key).status == 200 for _ in range(OTHERS))


def test_others_are_answered_while_one_account_has_its_share_of_the_connections(web, db, servers, account, reader):
    customers(account, 3)
    others = a_key(an_account())
    wanted = slow_requests(a_segment(account, "location", "eq", "Athens"))
    requests = [raw(line, reader, body) for line, body in list(wanted.items()) * (AT_ONCE // len(wanted))]
    with ExitStack() as stack:
        with nothing_is_read_of(servers, "customer"):
            lines = [stack.enter_context(web.connect()) for _ in requests]
            for line, request in zip(lines, requests, strict=True):
                line.sendall(request)
            wait_until(lambda: statements_that_wait() == POOL // 2, "the account has its share")
            assert all_answered(web, "GET", "/api/campaigns", others)
            assert all_answered(web, "GET", "/health", None)
            answers = first_answers(lines, len(lines) - POOL // 2)
            assert {answer.code for answer in answers} == {"ACCOUNT_BUSY"}
            assert {answer.status for answer in answers} == {429}
            assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
            assert statements_that_wait() == POOL // 2
        assert [read_answer(line).status for line in lines] == [200] * (POOL // 2)
    assert web.ask("GET", "/api/customers", key=reader).status == 200


def first_answers(lines: list[socket.socket], count: int) -> list[Answer]:
    """Returns the first so many answers, and leaves in `lines` those that have none yet."""
    answers: list[Answer] = []
    while len(answers) < count:
        ready, _, _ = select.select(lines, [], [], PATIENCE_SEC)
        assert ready, "no more answers"
        answers += [read_answer(line) for line in ready]
        lines[:] = [line for line in lines if line not in ready]
    return answers
