"""Answers that a process could not record before it had to end are recorded by recovery, if we signed them."""

import psycopg
import pytest

from dispatch.recovery import recover
from dispatch.sending.kept_answers import KEY, SET_ASIDE, keep_answers, record_kept_answers
from dispatch.signing import signature
from models.database import row, rows
from models.messages.message import Outcome
from tests.sending import claimed_by_no_one_left, end_leases, started
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

TOKEN = 1000


@pytest.fixture
def campaign_id(configure):
    """A campaign of four messages in flight, whose worker has ended and whose leases have run out."""
    configure(BATCH_SIZE=20)
    campaign_id = started(recipients=4)
    claimed_by_no_one_left(campaign_id, 4, token=TOKEN)
    end_leases()
    return campaign_id


def answers() -> list[Outcome]:
    return [
        Outcome(0, TOKEN, "sent", provider_id="p-0"),
        Outcome(1, TOKEN, "failed", error_code="gone", reason="rejected"),
        Outcome(2, TOKEN, "pending", wait_sec=3600.0, counted=False),
    ]


def keep(campaign_id: int, outcomes: list[Outcome]) -> None:
    keep_answers(campaign_id, outcomes, provider="scripted", batch_size=20)


def test_they_are_recorded_before_a_lease_is_judged(campaign_id, redis):
    keep(campaign_id, answers())
    assert recover() == {"kept_answers": 3, "leases_expired": 1}
    assert states(campaign_id) == {"sent": 1, "failed": 1, "pending": 1, "unknown": 1}
    assert row("SELECT provider, provider_id FROM message WHERE n = 0") == {
        "provider": "scripted",
        "provider_id": "p-0",
    }
    assert redis.llen(KEY) == 0


def test_they_count_after_their_leases_were_judged(campaign_id):
    recover()
    assert states(campaign_id) == {"unknown": 4}
    keep(campaign_id, answers())
    assert recover()["kept_answers"] == 3
    assert states(campaign_id) == {"sent": 1, "failed": 1, "pending": 1, "unknown": 1}


def test_kept_twice_they_count_once(campaign_id, redis):
    for _ in range(2):
        keep(campaign_id, answers())
    assert recover() == {"kept_answers": 3, "leases_expired": 1}
    assert redis.llen(KEY) == 0


def test_the_answers_of_many_processes_are_all_recorded(campaign_id):
    for outcome in answers() * 30:
        keep(campaign_id, [outcome])
    assert recover()["kept_answers"] == 3


def test_nothing_in_them_names_a_person(campaign_id, redis):
    keep(campaign_id, answers())
    [entry] = redis.lrange(KEY, 0, -1)
    assert b"+30" not in entry


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "\xff\xfe",
        "x {}",
        "{}",
        f'{"0" * 64} {{"campaign_id": 1, "provider": "x", "batch_size": 20, "outcomes": [[0, {TOKEN}, "sent"]]}}',
    ],
)
def test_what_no_key_of_ours_signed_is_removed_and_not_read(campaign_id, redis, entry):
    redis.rpush(KEY, entry)
    keep(campaign_id, answers())
    assert recover()["kept_answers"] == 3
    assert states(campaign_id)["sent"] == 1
    assert redis.llen(KEY) == 0


def test_the_signature_of_a_job_does_not_sign_answers(campaign_id, redis):
    content = f'{{"campaign_id": {campaign_id}, "provider": "x", "batch_size": 20, "outcomes": [[0, {TOKEN}, "sent"]]}}'
    redis.rpush(KEY, f"{signature(content)} {content}")
    assert "kept_answers" not in recover()


def test_answers_that_cannot_be_recorded_are_set_aside_and_keep_no_others_back(campaign_id, redis):
    sent, failed, later = answers()
    keep(campaign_id, [sent, later._replace(wait_sec=1e300)])
    keep(campaign_id, [failed])
    assert recover() == {"kept_answers": 2, "leases_expired": 2}
    assert states(campaign_id) == {"sent": 1, "failed": 1, "unknown": 2}
    assert (redis.llen(KEY), redis.llen(SET_ASIDE)) == (0, 1)


def test_what_was_set_aside_is_recorded_once_it_can_be(campaign_id, redis):
    keep(campaign_id, answers())
    rows("ALTER TABLE message RENAME TO message_away")
    try:
        assert record_kept_answers() == 0
    finally:
        rows("ALTER TABLE message_away RENAME TO message")
    redis.rename(SET_ASIDE, KEY)
    assert record_kept_answers() == 3
    assert states(campaign_id) == {"sent": 1, "failed": 1, "pending": 1, "sending": 1}


def test_an_entry_that_this_release_cannot_read_is_set_aside_and_keeps_no_others_back(campaign_id, redis):
    content = f'{{"campaign_id": {campaign_id}, "outcomes": "of a later release"}}'
    redis.rpush(KEY, f"{signature(content, purpose=b'answers')} {content}")
    keep(campaign_id, answers())
    assert recover()["kept_answers"] == 3
    assert redis.lrange(SET_ASIDE, 0, -1) == [f"{signature(content, purpose=b'answers')} {content}".encode()]


def test_answers_to_locked_messages_stay_and_keep_no_others_back(servers, campaign_id, redis):
    other = started(recipients=1, name="other")
    claimed_by_no_one_left(other, 1, token=TOKEN)
    keep(campaign_id, answers())
    keep(other, answers()[:1])
    with psycopg.connect(servers.database_url) as holder:
        holder.execute("SELECT 1 FROM batch WHERE campaign_id = %s FOR UPDATE", [campaign_id])
        rows("SET lock_timeout = '100ms'")
        assert record_kept_answers() == 1
        rows("RESET lock_timeout")
        assert redis.llen(KEY) == 1
    assert record_kept_answers() == 3
    assert redis.llen(KEY) == 0


def test_another_kind_of_key_under_that_name_keeps_nothing_from_working(campaign_id, redis):
    redis.set(KEY, "x")
    assert recover() == {"leases_expired": 4}
    redis.set(KEY, "x")
    keep(campaign_id, answers())
    assert recover() == {"kept_answers": 3}
