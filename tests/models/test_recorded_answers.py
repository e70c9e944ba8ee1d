"""Answers written as array literals: whatever is in them, and by the shorter statement where all were sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.database import db as database
from models.database import row, rows, scalar
from models.messages import recording
from models.messages.arrays import texts
from models.messages.message import Outcome
from tests.sending import claimed_by_no_one_left, started

pytestmark = pytest.mark.usefixtures("db", "redis")

# Whatever a provider may answer as an id or a code; surrogates alone are no text.
ANY_TEXT = st.text(st.one_of(st.sampled_from('{}",\\\0 NULnul\n'), st.characters(exclude_categories=["Cs"])))


@given(st.lists(st.one_of(st.none(), ANY_TEXT)))
@settings(max_examples=300, deadline=None)
def test_postgres_reads_what_was_written(values):
    read = scalar("SELECT %s::text[]", [texts(values)])
    assert read == [None if value is None else value.replace("\0", "") for value in values]


def record(campaign_id, *outcomes):
    given = recording.answers(campaign_id, outcomes, token=1000, provider="simulated", batch_size=10, current=0)
    with database.atomic(), database.connection().cursor() as cursor:
        recording.record(cursor, given)
        return given.only_sent, recording.written(cursor, given)


def test_what_is_sent_is_written_alike_alone_and_beside_others():
    campaign_id = started(recipients=10)
    taken = claimed_by_no_one_left(campaign_id, 8)
    sent = [Outcome(each.n, each.token, "sent", provider_id=f'p"{each.n}') for each in taken[:4]]
    failed = Outcome(taken[4].n, taken[4].token, "failed", reason="rejected")
    assert record(campaign_id, *sent[:2]) == (True, {0, 1})
    assert record(campaign_id, *sent[2:], failed) == (False, {2, 3, 4})
    columns = "state, attempts, deferrals, provider, error_code, reason, not_before, lease_until, token"
    found = rows(f"SELECT {columns}, sent_at IS NOT NULL AS has_time FROM message WHERE n < 4 ORDER BY n")
    assert found == found[:1] * 4
    assert (found[0]["state"], found[0]["attempts"], found[0]["has_time"]) == ("sent", 1, True)
    assert scalar("SELECT array_agg(provider_id ORDER BY n) FROM message WHERE n < 4") == ['p"0', 'p"1', 'p"2', 'p"3']
    assert row("SELECT sent, failed, sending, pending FROM batch") == {
        "sent": 4,
        "failed": 1,
        "sending": 3,
        "pending": 2,
    }
    assert rows("SELECT unnest(in_flight) AS n FROM batch ORDER BY n") == [{"n": n} for n in (5, 6, 7)]


@pytest.mark.parametrize(
    "detail",
    [{"error_code": "x"}, {"reason": "x"}, {"wait_sec": 0.0}, {"counted": False}, {"provider": "other"}],
    ids=lambda detail: next(iter(detail)),
)
def test_nothing_else_that_an_answer_says_is_lost(detail):
    campaign_id = started(recipients=2)
    (claimed,) = claimed_by_no_one_left(campaign_id, 1)
    only_sent, written = record(campaign_id, Outcome(claimed.n, claimed.token, "sent", **detail))
    assert (only_sent, written) == (False, {0})
