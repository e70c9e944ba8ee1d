"""The peers of the scoreboard do what they are measured for, and are left out with a reason where they cannot run."""

import shutil
import sys

import pytest

from benchmarks.peers import installing, running
from benchmarks.peers.installing import Installed, Skipped, install
from benchmarks.run import WentWrong
from models.database import rows
from tests.factories import an_account, customers

pytestmark = pytest.mark.usefixtures("db")

RECIPIENTS = 1200


@pytest.fixture
def rq(tmp_path):
    return install("rq", tmp_path)


@pytest.fixture
def account():
    made = an_account()
    customers(made, RECIPIENTS)
    customers(an_account(), 3)
    return made


@pytest.fixture
def marked(monkeypatch):
    """Returns the rows of the peer's table as they are when it is dropped."""
    found = []
    run = running.rows

    def noting(sql, *parameters):
        if sql == "DROP TABLE peer_message":
            found.extend(rows("SELECT * FROM peer_message ORDER BY id"))
        return run(sql, *parameters)

    monkeypatch.setattr(running, "rows", noting)
    return found


@pytest.mark.processes
def test_rq_writes_a_row_for_each_customer_of_the_account_and_marks_each_with_its_own_provider_id(
    rq, account, marked, redis, tmp_path
):
    run = running.run_campaign(rq, RECIPIENTS, account.id, logs=tmp_path)
    assert run.whole > 0
    assert set(run.peak_mb) >= {"worker-1", "worker-2"}
    assert [message["status"] for message in marked] == ["sent"] * RECIPIENTS
    assert len({message["provider_id"] for message in marked}) == RECIPIENTS
    owned = rows("SELECT id FROM customer WHERE account_id = %s ORDER BY id", [account.id])
    assert [message["customer_id"] for message in marked] == [customer["id"] for customer in owned]
    assert rows("SELECT FROM pg_tables WHERE tablename = 'peer_message'") == []


@pytest.mark.processes
def test_a_peer_that_sends_nothing_is_no_figure(rq, account, redis, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "STANDSTILL_SEC", 0.5)
    begins_and_ends = (sys.executable, "-c", "from benchmarks.peers import work; work.ready()")
    idle = Installed("rq", begins_and_ends, rq.work)
    with pytest.raises(WentWrong, match="rq stands still at 0 of 1200"):
        running.run_campaign(idle, RECIPIENTS, account.id, logs=tmp_path)
    assert rows("SELECT FROM pg_tables WHERE tablename = 'peer_message'") == []


@pytest.mark.processes
def test_a_peer_whose_producer_does_not_begin_is_no_figure(rq, account, redis, tmp_path):
    with pytest.raises(WentWrong, match="rq's producer did not start"):
        running.run_campaign(Installed("rq", ("true",), rq.work), RECIPIENTS, account.id, logs=tmp_path)


def test_without_node_bullmq_is_skipped_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Skipped, match="node and npm are not installed"):
        install("bullmq", tmp_path)


@pytest.mark.parametrize("name", ["bullmq", "celery"])
def test_without_its_packages_a_peer_is_skipped_with_what_the_installer_said(name, tmp_path, monkeypatch):
    fails = tmp_path / "fails"
    fails.write_text("#!/bin/sh\necho no such package >&2\nexit 1\n")
    fails.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fails))
    monkeypatch.setattr(installing.sys, "executable", str(fails))
    monkeypatch.setattr(installing, "find_spec", lambda name: None)
    with pytest.raises(Skipped, match="could not install it: no such package"):
        install(name, tmp_path / name)
