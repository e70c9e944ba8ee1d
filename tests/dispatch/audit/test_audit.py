"""What `audit` says about a healthy system (nothing), and about each promise broken on purpose."""

import threading
from datetime import UTC, datetime

import pytest

from dispatch.audit import CHECKS, MAX_IDS, audit
from dispatch.sending.settlement import close_if_drained
from dispatch.start import preparation as preparing
from models.database import db as database
from models.database import row, rows
from models.messages import claiming, recording
from models.messages.message import Outcome
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.audit import planted_on_answers, planted_on_routes, planted_on_schedules, planted_on_winners
from tests.dispatch.audit.planted_violations import HARMLESS, PLANTED, PLANTED_ON_ACCOUNTS, PLANTED_ON_DAYS
from tests.factories import a_campaign, a_list, an_account
from tests.sending import claimed_by_no_one_left, start_claim

ON_OTHERS = (planted_on_schedules, planted_on_routes, planted_on_answers, planted_on_winners)
EVERY_PLANT = [*PLANTED, *(plant for module in ON_OTHERS for plant in module.PLANTED)]
# The campaigns of the `healthy` fixture: identities are counted from 1 in every test.
UNDER_WAY, DONE, DRAFT = 1, 2, 3


@pytest.fixture
def healthy(db):
    """Two accounts, with campaigns that are sending, completed and settled, draft and scheduled, and with schedules."""
    ours, theirs = an_account(100, name="ours"), an_account(0, name="theirs")
    a_list(ours, 10)
    a_list(theirs, 10)
    for audience in ({"everyone": True}, {"everyone": True}, {"customer_ids": [1]}):
        a_campaign(ours, **audience)
    a_campaign(ours, everyone=True, scheduled_at=datetime(2090, 1, 31, tzinfo=UTC))
    a_campaign(theirs, everyone=True)
    _bring_under_way(_start(UNDER_WAY))
    _complete(_start(DONE))
    rows("UPDATE batch SET pushed_at = now() WHERE campaign_id = %s", [UNDER_WAY])
    for statement in planted_on_schedules.HEALTHY:
        rows(statement)


def _start(campaign_id):
    """Prepares the campaign in batches of four, as enqueue does, and lets it send."""
    claimed = start_claim(campaign_id, batch_size=4, recipients=10)
    preparing.prepare(claimed)
    preparing.finish(claimed)
    return campaign_id


def _bring_under_way(campaign_id):
    """Leaves one message sent, one failed, one unknown, one to be tried again, four in flight and two pending."""
    _answer(campaign_id, 0, "sent", "failed", "unknown", "pending")
    claimed_by_no_one_left(campaign_id, 2, number=1, token=2000)
    # One of them has lost its worker to another, as far as the batch is concerned.
    rows("UPDATE batch SET touched_at = NULL WHERE number = 1")
    claimed_by_no_one_left(campaign_id, 2, number=1, token=2001)


def _complete(campaign_id):
    for number in range(3):
        _answer(campaign_id, number, "sent", "sent", "failed", "sent")
    assert close_if_drained(campaign_id)


def _answer(campaign_id, number, *states):
    taken = claimed_by_no_one_left(campaign_id, 4, number=number)
    outcomes = [
        Outcome(sent.n, sent.token, state, wait_sec=2.0 if state == "pending" else None)
        for sent, state in zip(taken, states, strict=False)
    ]
    given = recording.answers(campaign_id, outcomes, token=1000, provider="simulator", batch_size=4, current=None)
    with database.atomic(), database.connection().cursor() as cursor:
        recording.record(cursor, given)


def _plant(sql):
    """Breaks a promise with triggers and foreign keys disabled."""
    connection = database.connection()
    connection.execute("SET session_replication_role = replica")
    try:
        for statement in sql.split(";"):
            connection.execute(statement)
    finally:
        connection.execute("RESET session_replication_role")


def _found(beginning):
    """Returns the violation whose sentence begins like this, or None."""
    return next((violation for violation in audit(ALL_ACCOUNTS) if violation.what.startswith(beginning)), None)


def _account(name):
    return row("SELECT id FROM account WHERE name = %s", [name])["id"]


def test_a_healthy_system_has_no_violation(healthy):
    assert audit(ALL_ACCOUNTS) == []


def test_an_empty_database_has_no_violation(db):
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("sql", [*HARMLESS, *(plant for module in ON_OTHERS for plant in module.HARMLESS)])
def test_what_only_looks_like_a_violation_is_none(healthy, sql):
    _plant(sql)
    assert audit(ALL_ACCOUNTS) == []


@pytest.fixture
def one_run_at_a_time(db):
    """A test may drop the index that keeps a schedule to one run at a time; it is made again afterwards."""
    sql = "SELECT indexdef FROM pg_indexes WHERE indexname = 'schedule_run_one_at_a_time'"
    index = row(sql)["indexdef"]
    yield
    if row(sql) is None:
        rows("TRUNCATE schedule_run")
        rows(index)


@pytest.mark.parametrize(("sentence", "sql", "culprit"), EVERY_PLANT, ids=[plant[0] for plant in EVERY_PLANT])
def test_a_planted_violation_is_found_and_named(healthy, one_run_at_a_time, sentence, sql, culprit):
    _plant(sql)
    assert culprit in _found(sentence).ids


@pytest.mark.parametrize(("sentence", "sql"), PLANTED_ON_ACCOUNTS, ids=[plant[0] for plant in PLANTED_ON_ACCOUNTS])
def test_a_planted_violation_of_an_account_is_found_and_named(healthy, without_balance_check, sentence, sql):
    _plant(f"{sql} WHERE name = 'ours'")
    assert _found(sentence).ids == [str(_account("ours"))]


@pytest.mark.parametrize(("sentence", "sql"), PLANTED_ON_DAYS, ids=[sql for _, sql in PLANTED_ON_DAYS])
def test_a_planted_violation_of_a_day_is_found_and_named(healthy, sentence, sql):
    _plant(sql)
    assert all(found.startswith(f"{_account('ours')} 2") for found in _found(sentence).ids)


@pytest.fixture
def without_balance_check(db):
    """The CHECK on negative balances is dropped for the test, because nothing can get past it."""
    rows("ALTER TABLE account DROP CONSTRAINT account_credits_available_check")
    yield
    rows("TRUNCATE account CASCADE")
    rows("ALTER TABLE account ADD CONSTRAINT account_credits_available_check CHECK (credits_available >= 0)")


def test_every_query_of_the_audit_has_a_planted_violation():
    planted = tuple(plant[0] for plant in (*EVERY_PLANT, *PLANTED_ON_ACCOUNTS, *PLANTED_ON_DAYS))
    sentences = [what for queries in CHECKS.values() for what in queries]
    assert [what for what in sentences if not what.startswith(planted)] == []


def test_an_account_sees_only_its_own_violations(healthy):
    _plant("UPDATE campaign SET recipients = 1 WHERE id = 3")
    assert [violation.ids for violation in audit(_account("ours")) if violation.invariant == "I3"] == [["3"]]
    assert audit(_account("theirs")) == []


def test_a_violation_names_some_rows_and_counts_all(healthy):
    _plant(
        "INSERT INTO message (campaign_id, n, phone) SELECT 99, i, '+3069' || 100000 + i FROM generate_series(0, 49) i"
    )
    violation = _found("Messages of no campaign")
    assert (violation.count, len(violation.ids)) == (50, MAX_IDS)
    assert violation.ids[:3] == ["99-0", "99-1", "99-2"]


def test_an_audit_leaves_the_connection_able_to_write(healthy):
    audit(ALL_ACCOUNTS)
    rows("UPDATE campaign SET name = 'renamed' WHERE id = %s", [DRAFT])
    assert row("SHOW transaction_isolation") == {"transaction_isolation": "read committed"}


def test_a_working_system_raises_no_false_alarm(healthy):
    moves, enough = [], threading.Event()

    def work():
        with database.connection_context():
            while not enough.is_set():
                token = 10_000 + 100 * len(moves)
                claimed_by_no_one_left(UNDER_WAY, 2, number=2, token=token)
                with database.atomic():
                    claiming.forget_claims(UNDER_WAY, token=token, known=(), current=None)
                moves.append(token)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        while len(moves) < 200:
            assert audit(ALL_ACCOUNTS) == []
    finally:
        enough.set()
        worker.join()
