"""`campaign watch`: follows a campaign to its end without affecting it."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.doctor.refusals import in_words
from models.campaigns.blocking import block
from models.database import row
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, started
from tests.stored import phones_of
from tests.waiting import wait_until

WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE application_name = 'campaign-dispatch cli' AND query LIKE '%campaign%'
      AND state = 'idle' AND state_change < now() - interval '200 ms'"""


@contextmanager
def watching(campaign_id, *words, out):
    """A running `campaign watch`, whose standard output goes to a file."""
    command = [sys.executable, "-m", "cli", "campaign", "watch", str(campaign_id), *words]
    with out.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: row(WAITING), "it has read the campaign and waits for the next look")
            yield process
        finally:
            process.kill()


@pytest.fixture
def out(db, redis, tmp_path):
    return tmp_path / "out"


def test_it_ends_with_the_campaign_and_prints_it_once(out):
    campaign_id = started(recipients=3)
    with watching(campaign_id, "--json", out=out) as process:
        assert out.read_text() == ""
        deliver(ScriptedProvider(), campaign_id)
        assert process.wait(30) == 0
    shown = json.loads(out.read_text())
    assert (shown["status"], shown["stats"]["sent"]) == ("completed", 3)


def test_people_see_the_counts_at_the_end(out):
    account = an_account(name="Acme")
    campaign_id = started(account, recipients=3, name="Spring")
    with watching(campaign_id, out=out) as process:
        deliver(answering(reject=phones_of(account)[:1]), campaign_id)
        assert process.wait(30) == 0
    shown = out.read_text()
    for words in ("Spring", "completed", "3 of 3", "sent 2", "failed 1"):
        assert words in shown


def test_in_a_pipe_each_change_is_a_line_while_it_happens(out):
    campaign_id = started(recipients=3, name="Spring")
    with watching(campaign_id, out=out) as process:
        wait_until(lambda: out.read_text().splitlines(), "the first line is there before the end")
        deliver(ScriptedProvider(), campaign_id)
        assert process.wait(30) == 0
    lines = out.read_text().splitlines()
    assert lines[0] == "Spring  sending  0 of 3  pending 3"
    assert lines[-1] == "Spring  completed  3 of 3  sent 3"
    assert len(set(lines)) == len(lines)


def test_ctrl_c_stops_watching_but_not_the_campaign(out):
    campaign_id = started(recipients=3)
    with watching(campaign_id, out=out) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
    said = out.read_text()
    assert "Traceback" not in said
    assert said.endswith("Campaign 1 goes on; `campaign pause 1` would pause it.\n")
    assert row("SELECT status FROM campaign") == {"status": "sending"}


@pytest.mark.parametrize(
    ("options", "says"),
    [({}, "`campaign enqueue 1` starts it"), ({"due": True}, "starts at 20")],
)
def test_a_campaign_that_has_not_started_says_what_it_waits_for(out, options, says):
    campaign_id = a_campaign(an_account(), recipients=1, **options).id
    with watching(campaign_id, out=out) as process:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert says in out.read_text()


@pytest.mark.parametrize(
    ("code", "again"),
    [
        ("TOO_LATE", ""),
        ("EXPIRED", ""),
        ("INSUFFICIENT_CREDITS", "It is tried again by itself at 20"),
        ("NO_RECIPIENTS", "It is tried again by itself at 20"),
    ],
)
def test_a_campaign_whose_start_was_refused_says_it_in_the_words_of_doctor(out, code, again):
    campaign_id = a_campaign(an_account(), recipients=1, due=True).id
    block(campaign_id, code)
    with watching(campaign_id, out=out) as process:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    [line, *_] = out.read_text().splitlines()
    assert f"{in_words(code)} ({code})" in line
    assert ("tried again" in line) == bool(again)
    assert again in line


def test_a_campaign_in_quiet_hours_says_until_when_it_waits(out):
    account = an_account(credits=10)
    # From two minutes ago until in two hours, on the clocks of the numbers of tests.
    hours = row(
        """SELECT to_char(now() AT TIME ZONE 'Europe/Athens' - interval '2 minutes', 'HH24:MI') || '-'
               || to_char(now() AT TIME ZONE 'Europe/Athens' + interval '2 hours', 'HH24:MI') AS quiet"""
    )
    change_account(asking(account.id), {"quiet_hours": hours["quiet"]})
    campaign_id = started(account, recipients=1)
    with watching(campaign_id, out=out) as process:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert "no message may be sent before" in out.read_text()
