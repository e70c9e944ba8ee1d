"""The database under test refuses what `models/states.py` does not allow, so every test proves its tables."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from models.database import row, rows
from models.states import (
    CAMPAIGN_MOVES,
    CAMPAIGN_STATES,
    MESSAGE_MOVES,
    MESSAGE_STATES,
    SCHEDULE_MOVES,
    SCHEDULE_STATES,
)
from tests.factories import a_campaign, an_account, arrange_state
from tests.moves import arranging, forget_refusals, was_refused

MONDAY = datetime(2030, 1, 7, tzinfo=UTC)
SCHEDULE = UUID(int=1)
MAY_BE_PAUSED = [state for state in CAMPAIGN_STATES if "paused" in CAMPAIGN_MOVES[state]]


@pytest.fixture(autouse=True)
def _no_refusal_is_left(db):
    yield
    forget_refusals()


@pytest.fixture
def campaign_id():
    """A campaign with a time, so that it may be in any state."""
    account = an_account()
    rows(
        """INSERT INTO schedule (id, account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec,
                                 metadata, created_by)
           VALUES (%s, %s, 'x', '{}', '@daily', 'UTC', 'skip', 0, '{}', 'test')""",
        [SCHEDULE, account.id],
    )
    return a_campaign(account, everyone=True, due=True).id


def times(*states):
    """Returns the columns that a campaign in these states has; a recurring one has a schedule instead of a time."""
    recurring = "recurring" in states
    return {"scheduled_at": None if recurring else MONDAY, "schedule_id": SCHEDULE if recurring else None}


def move(campaign_id, status, paused_from=None):
    values = {"status": status, "paused_from": paused_from, **times(status, paused_from)}
    rows(
        f"UPDATE campaign SET {', '.join(f'{name} = %({name})s' for name in values)} WHERE id = %(id)s",
        {**values, "id": campaign_id},
    )


def is_allowed(act):
    """Returns whether the triggers allow the move, by a count that survives the rollback."""
    forget_refusals()
    with suppress(psycopg.errors.RaiseException):
        act()
    return not was_refused()


@pytest.mark.parametrize("old", CAMPAIGN_STATES)
def test_a_campaign_moves_only_as_the_table_says(campaign_id, old):
    moved = set()
    for new in CAMPAIGN_STATES:
        came_from = (new if new in MAY_BE_PAUSED else "sending") if old == "paused" else None
        arrange_state(campaign_id, old, paused_from=came_from, **times(old, came_from))
        returns_to = (old if old in MAY_BE_PAUSED else "sending") if new == "paused" else None
        if new != old and is_allowed(lambda new=new, returns_to=returns_to: move(campaign_id, new, returns_to)):
            moved.add(new)
    assert moved == CAMPAIGN_MOVES[old]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("old", MESSAGE_STATES)
def test_a_message_moves_only_as_the_table_says(old):
    rows("INSERT INTO message (campaign_id, n, phone, token, lease_until, reason) VALUES (1, 0, '+30', 1, now(), '')")
    moved = set()
    for new in MESSAGE_STATES:
        with arranging():
            rows("UPDATE message SET state = %s", [old])
        if new != old and is_allowed(lambda new=new: rows("UPDATE message SET state = %s", [new])):
            moved.add(new)
    assert moved == MESSAGE_MOVES[old]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("old", SCHEDULE_STATES)
def test_a_schedule_moves_only_as_the_table_says(old):
    rows(
        """INSERT INTO schedule (account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec,
                                 metadata, reason, created_by)
           VALUES (%s, 'x', '{}', '@daily', 'UTC', 'skip', 0, '{}', '', 'test')""",
        [an_account().id],
    )
    moved = set()
    for new in SCHEDULE_STATES:
        with arranging():
            rows("UPDATE schedule SET status = %s", [old])
        if new != old and is_allowed(lambda new=new: rows("UPDATE schedule SET status = %s", [new])):
            moved.add(new)
    assert moved == SCHEDULE_MOVES[old]


def test_a_paused_campaign_returns_only_where_it_was_paused(campaign_id):
    arrange_state(campaign_id, "paused", paused_from="preparing")
    with pytest.raises(psycopg.errors.RaiseException, match="this campaign go from paused to sending"):
        move(campaign_id, "sending")
    assert is_allowed(lambda: move(campaign_id, "preparing"))


def test_a_pause_remembers_the_state_it_came_from(campaign_id):
    assert not is_allowed(lambda: move(campaign_id, "paused", "sending"))
    assert is_allowed(lambda: move(campaign_id, "paused", "scheduled"))


def test_a_test_may_break_the_table_only_inside_its_block(campaign_id):
    with arranging():
        move(campaign_id, "completed")
    assert row("SELECT status FROM campaign") == {"status": "completed"}
    assert not is_allowed(lambda: move(campaign_id, "draft"))
