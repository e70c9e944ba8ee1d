"""A connection to a server that hangs is given up, and one that cannot be used does not go back to the pool."""

import os
import signal

import pytest

from models.database import count, db, long_statements, one, rows, scalar
from models.failures import PASSING_ERRORS

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def patience(monkeypatch):
    """Connections wait for a second and no more."""
    monkeypatch.setattr("models.connection.GRACE_SEC", 0.0)
    monkeypatch.setattr(db, "statement_sec", 1.0)
    db.manual_close()
    db.connect()


def my_backend() -> int:
    return count("SELECT pg_backend_pid()")


@pytest.mark.processes
def test_a_backend_that_hangs_is_given_up_and_the_next_connection_works(patience):
    backend = my_backend()
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(PASSING_ERRORS):
            rows("SELECT 1")
        db.close()
        db.connect()
        assert my_backend() != backend
    finally:
        os.kill(backend, signal.SIGCONT)


@pytest.mark.processes
def test_a_backend_that_hangs_in_a_transaction_is_given_up_with_it(patience):
    backend = my_backend()
    try:
        with pytest.raises(PASSING_ERRORS), db.atomic():
            rows(f"SELECT {os.kill(backend, signal.SIGSTOP) or 1}")
        db.close()
        db.connect()
        assert one("SELECT 1 AS one") == {"one": 1}
    finally:
        os.kill(backend, signal.SIGCONT)


def test_a_statement_that_the_server_refuses_leaves_the_connection_as_it_was():
    backend = my_backend()
    rows("SET statement_timeout = '10ms'")
    with pytest.raises(PASSING_ERRORS):
        rows("SELECT pg_sleep(5)")
    assert my_backend() == backend
    rows("RESET statement_timeout")


def test_a_connection_to_a_server_that_takes_no_writes_is_not_used_again():
    backend = my_backend()
    with pytest.raises(PASSING_ERRORS):
        rows("BEGIN READ ONLY; CREATE TABLE never (id int)")
    db.close()
    db.connect()
    assert my_backend() != backend


def test_every_connection_notices_a_peer_that_is_gone():
    parameters = db.connection().info.get_parameters()
    assert int(parameters["tcp_user_timeout"]) == 15_000
    assert int(parameters["keepalives_idle"]) + 3 * int(parameters["keepalives_interval"]) == 25
    assert parameters["keepalives_count"] == "3"


def test_a_long_read_may_take_longer_and_the_next_statement_may_not():
    usual = scalar("SHOW statement_timeout")
    with long_statements(600):
        assert scalar("SHOW statement_timeout") == "10min"
        assert db.connection().statement_sec == 600
    assert scalar("SHOW statement_timeout") == usual
    assert db.connection().statement_sec == db.statement_sec
