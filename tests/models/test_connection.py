"""A connection to a server that hangs is given up, and one that cannot be used does not go back to the pool."""

import os
import select
import signal

import psycopg
import pytest

from models.connection import BoundedConnection
from models.database import count, db, long_statements, one, rows, scalar
from models.failures import PASSING_ERRORS

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def patience(monkeypatch):
    """Connections wait for a second and no more; those that the pool has from earlier tests would wait for a minute."""
    monkeypatch.setattr("models.connection.GRACE_SEC", 0.0)
    monkeypatch.setattr(db, "statement_sec", 1.0)
    db.manual_close()
    db.close_idle()
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


def test_a_column_that_a_migration_adds_costs_each_connection_one_statement(servers):
    rows("CREATE TABLE grown (id int)")
    try:
        for _ in range(10):  # psycopg prepares what is asked more often than five times
            rows("SELECT * FROM grown")
        with psycopg.connect(servers.database_url, autocommit=True) as other:
            other.execute("ALTER TABLE grown ADD COLUMN more int")
        with pytest.raises(PASSING_ERRORS):
            rows("SELECT * FROM grown")
        db.close()
        db.connect()
        assert rows("SELECT * FROM grown") == []
    finally:
        rows("DROP TABLE grown")


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


def test_a_connection_that_the_server_has_ended_meanwhile_is_replaced_before_it_is_used():
    backend, idle = my_backend(), db.connection()
    db.close()
    with psycopg.connect(db.database, **db.connect_params) as operator:
        operator.execute("SELECT pg_terminate_backend(%s)", [backend])
    look = select.poll()
    look.register(idle.pgconn.socket, select.POLLIN)
    assert look.poll(60_000), "the server has said so"
    db.connect()
    assert my_backend() != backend


def test_a_connection_that_was_closed_on_our_side_is_replaced_before_it_is_used():
    backend, idle = my_backend(), db.connection()
    db.close()
    idle.pgconn.finish()
    db.connect()
    assert my_backend() != backend


def test_taking_an_idle_connection_from_the_pool_asks_the_server_nothing(monkeypatch):
    backend = my_backend()
    db.close()
    asked = []
    wait = BoundedConnection.wait
    with monkeypatch.context() as patched:
        patched.setattr(BoundedConnection, "wait", lambda *arguments: asked.append(1) or wait(*arguments))
        db.connect()
    assert (my_backend(), asked) == (backend, [])


def test_a_connection_that_was_left_in_a_transaction_begins_anew():
    db.connection().execute("BEGIN; CREATE TABLE left_behind (id int)")
    db.close()
    db.connect()
    assert rows("SELECT 1 FROM pg_tables WHERE tablename = 'left_behind'") == []


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
