"""`doctor` on the command line: words for people, JSON for programs, and a status for scripts."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.queues import JOBS
from embedded.server import free_port
from models.database import rows
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, an_account, asking
from tests.moves import arranging
from tests.sending import start_and_deliver, started
from tests.stored import phones_of


@pytest.fixture
def alive(cli):
    for queue in set(JOBS.values()):
        Heartbeat.beat(f"worker-{queue}", "worker", queue)
    Heartbeat.beat("sweeper", "sweeper")


def test_where_nothing_needs_a_person_the_status_is_0(cli, alive):
    a_campaign(an_account(name="Acme"), recipients=1, due=True, name="[Spring]")
    programs, people = cli("doctor", "--json"), cli("doctor")
    assert (programs.status, people.status) == (0, 0)
    assert programs.json["ok"] is True
    assert "[Spring]: scheduled, not moving" in people.stdout
    assert "(due)" in people.stdout
    assert "Nothing needs you." in people.stdout


def test_a_campaign_that_has_ended_is_not_said_to_stand_still(cli, alive):
    account = an_account(name="Acme", credits=10)
    campaign = a_campaign(account, recipients=1, name="Spring")
    start_and_deliver(campaign, lose=phones_of(account))
    people = cli("doctor").stdout
    assert "Spring: completed\n" in people
    assert "not moving" not in people


def test_where_a_person_is_needed_the_status_is_1_and_each_reason_says_what_to_do(cli, alive):
    campaign_id = started(an_account(name="Acme", credits=10), recipients=1)
    Heartbeat.end("worker-send")
    programs, people = cli("doctor", "--json"), cli("doctor")
    assert (programs.status, people.status) == (1, 1)
    [found] = programs.json["campaigns"]
    assert {"id", "status", "moving", "reasons", "ends_at"} <= found.keys()
    assert (found["id"], found["moving"]) == (campaign_id, False)
    assert [each["code"] for each in programs.json["installation"]] == ["no_worker", "redis_forgets"]
    assert "Start `python -m jobs`" in people.stdout
    assert "Something needs a person" in people.stdout


def test_the_end_of_a_campaign_is_told_by_the_clocks_of_its_account_and_to_programs_with_its_offset(cli, alive):
    account = an_account(name="Acme", credits=10_000)
    change_account(asking(account.id), {"zone": "Asia/Tokyo"})
    started(account, recipients=1500)
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with arranging():
        rows("UPDATE message SET state = 'sent', sent_at = now() WHERE n < 999")
        rows("UPDATE batch SET pending = 1, sent = 999, touched_at = now() WHERE number = 0")
        rows("UPDATE batch SET next_due_at = %s WHERE number = 1", [tomorrow])
    [found] = cli("doctor", "--json").json["campaigns"]
    assert found["timezone"] == "Asia/Tokyo"
    assert found["ends_at"] == tomorrow.isoformat()
    shown = f"{tomorrow.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M} (Asia/Tokyo)"
    assert f"all sent at about {shown}" in " ".join(cli("doctor").stdout.split())


def test_an_account_narrows_the_campaigns_and_not_the_installation(cli, alive):
    started(an_account(name="Acme", credits=10), recipients=1)
    an_account(name="Other")
    assert cli("doctor", "--account", "Other", "--json").json["campaigns"] == []
    assert len(cli("doctor", "--account", "Acme", "--json").json["campaigns"]) == 1
    assert "No campaign has anything left to do." in cli("doctor", "--account", "Other").stdout


@pytest.mark.processes
def test_a_database_that_is_away_is_an_answer_and_no_failure(cli_process):
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = cli_process("doctor", "--account", "Acme", "--json", environment={"DATABASE_URL": nowhere})
    assert done.status == 1
    found = json.loads(done.stdout)
    assert (found["ok"], found["campaigns"]) == (False, [])
    assert found["installation"][0]["code"] == "database_away"
