"""A process that is killed while it makes an occurrence costs nothing: it is made, and sent, once."""

import pytest

from dispatch.audit import audit
from dispatch.start.sweep import sweep_due
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from scheduling.tick import tick
from tests.factories import an_account, asking, customers
from tests.processes import running
from tests.racing import race
from tests.recurring import a_pattern, deliver_all, occurrences_of, runs_of

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]


@pytest.fixture
def pattern(db):
    """A recurring campaign to two people that is due."""
    account = an_account()
    customers(account, 2)
    made = a_pattern(account)
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")
    return made


def kill_tick(when, tmp_path):
    with running("tests.dispatch.start.dying", when, log=tmp_path / "log") as process:
        assert process.wait() == -9


def sent_once(pattern):
    deliver_all(pattern.id)
    [made] = occurrences_of(pattern.id)
    assert (made.status, made.stats.sent, made.credits.captured) == ("completed", 2, 2)
    assert row("SELECT count(*)::int AS n FROM credit_entry WHERE kind = 'hold'") == {"n": 1}
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize(("when", "written"), [("begun", []), ("written", ["scheduled"])])
def test_a_killed_run_is_begun_again_and_has_its_effect_once(pattern, tmp_path, when, written):
    kill_tick(when, tmp_path)
    assert [each.status for each in occurrences_of(pattern.id)] == written
    assert tick() == {}, "its lease has not ended"
    rows("UPDATE schedule_run SET due_at = now()")
    assert sum(outcome.get("succeeded", 0) for outcome in race(*[tick] * 4)) == 1
    sent_once(pattern)
    assert [status for _, status, _ in runs_of(pattern.id)] == ["succeeded"]


def test_the_sweep_may_start_what_the_killed_run_has_written(pattern, tmp_path):
    kill_tick("written", tmp_path)
    assert len(sweep_due(asking()).campaigns) == 1
    rows("UPDATE schedule_run SET due_at = now()")
    assert tick() == {"succeeded": 1}
    sent_once(pattern)
