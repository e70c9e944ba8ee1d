"""An installation is upgraded in mid-campaign, and back: workers of both releases claim beside each other."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import psycopg
import pytest

from dispatch.audit import audit
from dispatch.recovery import recover
from dispatch.sending.kept_answers import keep_answers
from models.database import db as database
from models.database import row, rows
from models.failures import PASSING_ERRORS
from models.messages.message import Outcome
from models.tenancy import ALL_ACCOUNTS
from tests.scripted_provider import ScriptedProvider
from tests.sending import claimed_by_no_one_left, deliver, end_leases, started
from tests.stored import states

MIGRATION = import_module("migrations.0040_messages_in_flight")

pytestmark = pytest.mark.usefixtures("db", "redis")

# As the release before this migration claimed.
CLAIM_BEFORE = """
WITH due AS MATERIALIZED (
    SELECT m.ctid AS place, m.n, m.phone, m.zone,
           CASE WHEN c.expires_at <= now() THEN 'expired'
                WHEN EXISTS (SELECT FROM suppression s WHERE s.account_id = c.account_id AND s.phone = m.phone OFFSET 0)
                THEN 'opted_out'
                WHEN m.send_until <= now() + interval '2 seconds' THEN 'late' END AS hindrance
    FROM message m, campaign c
    WHERE c.id = %(campaign)s AND c.status = 'sending'
      AND m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s AND m.state = 'pending'
      AND (m.not_before IS NULL OR m.not_before <= now() OR c.expires_at <= now())
    ORDER BY m.n LIMIT %(want)s FOR NO KEY UPDATE OF m SKIP LOCKED),
claimed AS (
    UPDATE message m SET
        state = CASE WHEN due.hindrance IS NULL THEN 'sending' ELSE 'skipped' END,
        reason = due.hindrance,
        attempts = m.attempts + CASE WHEN due.hindrance IS NULL THEN 1 ELSE 0 END,
        token = %(token)s + m.n,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM due WHERE m.ctid = due.place AND due.hindrance IS DISTINCT FROM 'late'
    RETURNING m.n, m.token, m.phone, m.body, m.attempts, m.deferrals, m.state),
counted AS (
    UPDATE batch b SET pending = b.pending - t.taken, sending = b.sending + t.sending, skipped = b.skipped + t.skipped,
                       touched_at = now(), next_due_at = NULL
    FROM (SELECT count(*) AS taken, count(*) FILTER (WHERE state = 'sending') AS sending,
                 count(*) FILTER (WHERE state = 'skipped') AS skipped FROM claimed) t
    WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.taken > 0)
SELECT n, token, phone, body, attempts, deferrals, state FROM claimed
UNION ALL
SELECT n, NULL, phone, zone, NULL, NULL, 'late' FROM due WHERE hindrance = 'late'
"""


@pytest.fixture
def campaign_id(configure):
    configure(BATCH_SIZE=20)
    return started(recipients=20)


def claims_before(campaign_id: int, want: int, *, first: int = 0) -> list[int]:
    """Claims as a worker of the previous release; returns the numbers."""
    params = {"campaign": campaign_id, "batch": 0, "first": first, "last": 20, "want": want, "token": 5, "lease": 30}
    with database.atomic():
        found = database.connection().execute(CLAIM_BEFORE, params).fetchall()
    return sorted(each[0] for each in found)


def is_consistent() -> bool:
    return audit(ALL_ACCOUNTS) == []


def test_the_previous_release_claims_nothing_that_is_in_flight(campaign_id):
    claimed_by_no_one_left(campaign_id, 5)
    with pytest.raises(psycopg.errors.SerializationFailure) as refused:
        claims_before(campaign_id, 6)
    assert isinstance(refused.value, PASSING_ERRORS), "its exchange is tried again, and its answers are kept"
    assert states(campaign_id) == {"pending": 15, "sending": 5}
    assert claims_before(campaign_id, 6, first=5) == [5, 6, 7, 8, 9, 10]
    assert states(campaign_id) == {"pending": 9, "sending": 11}
    assert is_consistent()


def test_the_previous_release_skips_no_one_whose_message_is_in_flight(campaign_id):
    claimed_by_no_one_left(campaign_id, 5)
    rows("UPDATE campaign SET expires_at = now()")
    with pytest.raises(psycopg.errors.SerializationFailure):
        claims_before(campaign_id, 6)
    assert states(campaign_id) == {"pending": 15, "sending": 5}


def test_this_release_claims_nothing_that_the_previous_one_has(campaign_id):
    assert claims_before(campaign_id, 5) == [0, 1, 2, 3, 4]
    rows("UPDATE batch SET touched_at = NULL")
    assert [message.n for message in claimed_by_no_one_left(campaign_id, 6)] == [5, 6, 7, 8, 9, 10]
    assert is_consistent()


def test_both_releases_at_the_same_moment_claim_no_message_twice(campaign_id):
    rows("UPDATE batch SET touched_at = NULL")

    def before() -> list[int]:
        with database.connection_context():
            try:
                return claims_before(campaign_id, 8)
            except psycopg.errors.SerializationFailure:
                return []

    def now() -> list[int]:
        with database.connection_context():
            return [message.n for message in claimed_by_no_one_left(campaign_id, 8)]

    for _ in range(100):
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.submit(before), pool.submit(now)
        assert not set(one.result()) & set(other.result())
        assert is_consistent()
        rows("UPDATE message SET state = 'pending', token = NULL, attempts = 0 WHERE state = 'sending'")
        rows("UPDATE batch SET in_flight = '{}', token = NULL, touched_at = NULL, pending = 20, sending = 0")


def test_what_was_in_flight_at_the_upgrade_is_recorded_or_runs_out_its_lease(campaign_id):
    claims_before(campaign_id, 4)
    MIGRATION.down(None, database)
    MIGRATION.up(None, database)
    keep_answers(campaign_id, [Outcome(0, 5, "sent", "p-0")], provider="scripted", batch_size=20)
    recover()
    assert states(campaign_id) == {"pending": 16, "sending": 3, "sent": 1}
    end_leases()
    recover()
    provider = ScriptedProvider()
    rows("UPDATE batch SET touched_at = NULL")
    deliver(provider, campaign_id)
    assert states(campaign_id) == {"sent": 17, "unknown": 3}
    assert len(provider.calls) == 16
    assert is_consistent()


def test_undone_the_migration_leaves_claims_of_the_previous_release(campaign_id):
    claimed_by_no_one_left(campaign_id, 5, token=1000)
    MIGRATION.down(None, database)
    found = rows(
        "SELECT n, token, attempts::int, lease_until > now() AS leased FROM message WHERE state = 'sending' ORDER BY n"
    )
    assert found == [{"n": n, "token": 1000, "attempts": 1, "leased": True} for n in range(5)]
    assert claims_before(campaign_id, 6) == [5, 6, 7, 8, 9, 10]
    MIGRATION.up(None, database)
    end_leases()
    recover()
    assert states(campaign_id) == {"pending": 9, "unknown": 11}
    assert is_consistent()


def test_a_message_is_written_once_and_in_its_page(campaign_id):
    before = rows("SELECT n, ctid::text AS place FROM message ORDER BY n")
    rows("CREATE SEQUENCE message_writes")
    rows(
        """CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM nextval(''message_writes''); RETURN NULL; END'"""
    )
    rows("CREATE TRIGGER count_writes AFTER UPDATE ON message FOR EACH ROW EXECUTE FUNCTION count_write()")
    try:
        deliver(ScriptedProvider(), campaign_id)
        assert row("SELECT last_value::int AS writes FROM message_writes") == {"writes": 20}
    finally:
        rows("DROP FUNCTION count_write CASCADE; DROP SEQUENCE message_writes")
    after = rows("SELECT n, ctid::text AS place FROM message ORDER BY n")
    assert [_page(each) for each in after] == [_page(each) for each in before]


def _page(message: dict) -> str:
    return message["place"].split(",")[0]
