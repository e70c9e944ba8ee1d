"""When a campaign that moves, or waits only for a time, will have sent everything."""

from datetime import UTC, timedelta

from dispatch.providers import Answer
from models.database import database_now, rows
from models.heartbeat import Heartbeat
from tests.clock import MONDAY, set_clock
from tests.factories import an_account
from tests.moves import arranging
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import phones_of


def arrange(*statements):
    """Runs statements that move messages as no process would."""
    with arranging():
        for statement in statements:
            rows(statement)


def test_the_end_is_told_from_what_was_accepted_in_the_last_seconds(ask):
    """A campaign that has sent 1,000 of 1,100 in the last seven seconds takes one second more."""
    campaign_id = started(an_account(credits=10_000), recipients=1100)
    arrange(
        "UPDATE campaign SET started_at = now() - interval '1 hour'",
        "UPDATE message SET state = 'sent', sent_at = now() - make_interval(secs => n / 150.0) WHERE n < 1000",
        "UPDATE batch SET pending = 0, sent = size, touched_at = now() WHERE number = 0",
    )
    left = ask(campaign_id).ends_at - database_now()
    assert timedelta(seconds=-1) <= left <= timedelta(seconds=5)


def test_without_a_pace_of_the_last_seconds_the_average_tells_the_end(ask):
    """Half was done in an hour, so the other half takes another one."""
    campaign_id = started(an_account(credits=10_000), recipients=2)
    arrange(
        "UPDATE campaign SET started_at = now() - interval '1 hour'",
        "UPDATE message SET state = 'sent', sent_at = now() - interval '1 hour' WHERE n = 0",
        "UPDATE batch SET pending = 1, sent = 1, touched_at = now()",
    )
    left = ask(campaign_id).ends_at - database_now()
    assert timedelta(minutes=59) < left < timedelta(minutes=61)


def test_a_campaign_ends_no_sooner_than_the_last_of_its_people_may_be_messaged(ask):
    campaign_id = started(an_account(credits=10_000), recipients=1500)
    tomorrow = database_now() + timedelta(days=1)
    arrange(
        "UPDATE message SET state = 'sent', sent_at = now() WHERE n < 999",
        "UPDATE batch SET pending = 1, sent = 999, touched_at = now() WHERE number = 0",
    )
    rows("UPDATE batch SET next_due_at = %s WHERE number = 1", [tomorrow])
    assert ask(campaign_id).ends_at == tomorrow.replace(microsecond=0)


def test_a_campaign_that_waits_for_its_hours_says_when_it_will_end(ask, monday):
    waits = started(an_account(credits=10), recipients=2, send_window="Tue 09:00-18:00")
    set_clock(MONDAY + timedelta(seconds=30))
    Heartbeat.beat("worker-send", "worker", "send")
    assert f"{ask(waits).ends_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" == "2030-01-08 07:00:00"


def test_a_campaign_that_goes_at_a_rate_ends_at_its_pace_also_between_its_messages(ask):
    answer = Answer("deferred", error_code="http_429", retry_after=600)
    account = an_account(credits=10)
    campaign_id = started(account, recipients=2)
    deliver(ScriptedProvider({phones_of(account)[1]: [answer]}), campaign_id)
    arrange(
        "UPDATE campaign SET started_at = now() - interval '1 hour'",
        "UPDATE message SET sent_at = now() - interval '1 hour' WHERE sent_at IS NOT NULL",
    )
    found = ask(campaign_id)
    assert [reason.code for reason in found.reasons] == ["rate"]
    assert timedelta(minutes=59) < found.ends_at - database_now() < timedelta(minutes=61)
