"""What an installation lacks, each time because it really does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch import queues
from dispatch.accounts.accounts import change_account
from dispatch.accounts.keys import issue_key, revoke_key
from dispatch.doctor.diagnosis import without_database, without_schema
from dispatch.doctor.installation import QUEUE_SEC
from dispatch.sending.kept_answers import SET_ASIDE
from dispatch.signing import SignedJob
from dispatch.webhooks.webhooks import add_webhook, enable_webhook
from models.api_key import ApiKey
from models.database import db as database
from models.database import rows
from models.heartbeat import Heartbeat
from models.webhooks.webhook import Webhook
from tests.clock import stopped_clock
from tests.dispatch.doctor.looking import another_redis, diagnosis, missing, redis_away
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.factories import an_account, asking

# The Valkey of the tests keeps nothing on disk.
HERE = {"redis_forgets"}


def test_where_everything_is_alive_nothing_needs_a_person():
    assert missing().keys() == HERE
    assert diagnosis().ok


@pytest.mark.parametrize("queue", sorted(set(queues.JOBS.values())))
def test_a_queue_without_a_worker_is_named(queue):
    Heartbeat.end(f"worker-{queue}")
    assert f"queue {queue}." in missing()["no_worker"]
    assert not diagnosis().ok


def test_a_worker_that_has_been_silent_for_a_minute_counts_for_nothing():
    rows("UPDATE heartbeat SET beat_at = now() - interval '1 minute' WHERE kind = 'sweeper'")
    assert "No sweeper runs" in missing()["no_sweeper"]


def test_a_clock_that_differs_from_the_databases_is_said_with_by_how_much(db):
    with stopped_clock(datetime.now(UTC) + timedelta(hours=3)):
        text = missing()["clock"]
    assert "3 hours behind" in text
    with stopped_clock(datetime.now(UTC) - timedelta(minutes=5)):
        assert "5 minutes ahead of" in missing()["clock"]


def test_jobs_that_wait_for_minutes_with_workers_alive_are_too_many():
    account = an_account()
    queues.push_process(1, account.id)
    assert "queue_grows" not in missing()
    [job_id] = queues.queue(queues.PREPARE).job_ids
    long_ago = datetime.now(UTC) - timedelta(seconds=QUEUE_SEC + 60)
    queues.connection().hset(SignedJob.key_for(job_id), "enqueued_at", long_ago.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert "prepare has 1 job," in missing()["queue_grows"]
    Heartbeat.end("worker-prepare")
    assert "queue_grows" not in missing(), "without a worker it is the worker that is missing"


@pytest.mark.parametrize("planted", [b"no time", b"\xff", b""])
def test_what_others_have_put_into_the_queue_is_no_failure(redis, planted):
    redis.rpush("rq:queue:send", b"\xfejob")
    redis.hset("rq:job:house", "enqueued_at", planted)
    redis.rpush("rq:queue:house", "house")
    redis.set("rq:queue:prepare", "not a list")
    assert missing().keys() == HERE


def test_what_the_present_keys_cannot_open_is_named_until_they_can(configure):
    lost, new = "l" * 32, "n" * 32
    configure(PROVIDER_KEY=lost)
    account = an_account()
    made = add_webhook(asking(account.id), url="https://shop.example.com/hooks")
    provider = a_webhook_provider(account)
    configure(PROVIDER_KEY=new)
    text = missing()["secrets_unreadable"]
    assert f"webhook {made.id}" in text
    assert provider.name in text
    assert not diagnosis().ok
    configure(PROVIDER_KEY=f"{new},{lost}")
    assert missing().keys() == HERE


def test_answers_that_could_not_be_recorded_are_named_until_they_are_gone(redis):
    redis.rpush(SET_ASIDE, "one", "two")
    assert f"2 entries of {SET_ASIDE}" in missing()["answers_set_aside"]
    redis.delete(SET_ASIDE)
    assert missing().keys() == HERE


def test_a_disk_with_less_room_than_asked_for_is_named(configure):
    configure(DISK_FREE_MIB=10**9)
    assert "MiB left" in missing()["disk"]
    assert not diagnosis().ok


def test_a_redis_that_is_away_is_all_that_is_said_of_it(configure):
    with redis_away(configure):
        assert missing().keys() == {"redis_away"}


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru"}, "redis_evicts"),
        ({"maxmemory": "1mb", "maxmemory-policy": "noeviction"}, "redis_full"),
        ({"replicaof": "127.0.0.1 1"}, "redis_read_only"),
    ],
)
def test_a_redis_that_would_lose_or_refuse_jobs_says_what_to_set(configure, settings, code):
    with another_redis(configure):
        for name, value in settings.items():
            if name == "replicaof":
                queues.connection().execute_command("REPLICAOF", *value.split())
            else:
                queues.connection().config_set(name, value)
        assert missing().keys() >= {code}


def test_a_redis_with_an_unlimited_memory_may_have_any_policy_and_one_with_snapshots_forgets_little(configure):
    with another_redis(configure):
        queues.connection().config_set("maxmemory-policy", "allkeys-lru")
        queues.connection().config_set("save", "900 1")
        assert missing() == {}


def a_used_key(account=None, *, days, scopes=("read",)):
    """Issues a key that expires in so many days, and uses it."""
    until = datetime.now(UTC) + timedelta(days=days)
    caller = asking(account.id) if account else asking()
    made = issue_key(caller, operator=account is None, scopes=scopes, name=f"for {days}", expires_at=until)
    assert ApiKey.holder(made.key)
    return made


def test_a_key_in_use_that_expires_soon_is_named_until_another_can_replace_it(db):
    account = an_account()
    soon = a_used_key(account, days=3)
    assert "for 3 at" in missing()["key_expires"]
    issue_key(asking(account.id), scopes=["read"])
    assert missing().keys() == HERE
    assert soon.id


def test_the_end_of_a_key_is_named_in_the_zone_of_its_account_and_an_operators_in_utc(db):
    account = an_account()
    change_account(asking(account.id), {"zone": "America/New_York"})
    made = [a_used_key(account, days=3), a_used_key(days=2)]
    text = missing()["key_expires"]
    for zone, each in zip(("America/New_York", "UTC"), made, strict=True):
        assert f"at {each.expires_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})" in text


def test_a_key_that_lasts_is_unused_or_is_revoked_needs_nobody(db):
    account = an_account()
    a_used_key(account, days=30)
    issue_key(asking(account.id), scopes=["write"], expires_at=datetime.now(UTC) + timedelta(days=1))
    revoke_key(asking(account.id), str(a_used_key(account, days=1, scopes=("send",)).id))
    assert missing().keys() == HERE


def test_an_operators_key_is_not_replaced_by_that_of_an_account(db):
    a_used_key(days=2)
    issue_key(asking(an_account().id), scopes=["read"])
    assert "for 2 at" in missing()["key_expires"]


def test_a_database_that_lacks_a_migration_is_said_without_reading_campaigns(db):
    last = rows("SELECT name FROM schema_migration ORDER BY name DESC LIMIT 1")[0]["name"]
    with database.atomic() as transaction:
        rows("DELETE FROM schema_migration WHERE name = %s", [last])
        found = without_schema()
        transaction.rollback()
    assert found
    assert not found.ok
    assert last in next(each.text for each in found.installation if each.code == "schema_older")
    assert without_schema() is None


def test_a_database_of_a_newer_release_works_and_is_mentioned(db):
    with database.atomic() as transaction:
        rows("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', now())")
        found = missing()
        transaction.rollback()
    assert "9999_later" in found["schema_newer"]


def test_a_database_that_cannot_be_used_is_said_with_what_else_is_known(redis):
    found = without_database(OSError("password authentication failed for user"))
    assert [each.code for each in found.installation] == ["database_away", "redis_forgets"]
    assert "refuses the user or the password" in found.installation[0].text
    assert not found.ok


def test_a_webhook_that_was_switched_off_is_named_with_why(db, configure):
    account = an_account()
    made = add_webhook(asking(account.id), url="https://shop.example.com/hooks")
    rows("UPDATE webhook SET failing_since = now() - interval '25 hours'")
    Webhook.switch_off(made.id, reason="nothing was delivered for a day; last: http_500", after_sec=86_400)
    text = missing()["webhook_off"]
    assert f"{made.id} (nothing was delivered for a day; last: http_500)" in text
    enable_webhook(asking(account.id), made.id)
    assert missing().keys() == HERE
