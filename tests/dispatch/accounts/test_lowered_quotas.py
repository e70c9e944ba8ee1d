"""A limit that an operator lowers takes nothing away, and refuses only what adds something."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.accounts.quotas import change_quotas
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign, schedule_campaign, unschedule_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.imports import import_customers
from dispatch.customers.list_members import add_members
from dispatch.customers.remote_users import SortedUsers, keep_users
from dispatch.errors import QuotaExceeded
from models.customers.remote import CustomerFromUser
from models.database import db, rows
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.stored import phones_of

pytestmark = pytest.mark.usefixtures("db", "redis")

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def account(db):
    return an_account()


def _limit(account, **limits):
    return change_quotas(asking(account.id), limits)


def _schedule(account):
    draft = CampaignDraft(name="x", template="Hi", everyone=True, scheduled_at=TOMORROW)
    return create_campaign(asking(account.id), draft)


def test_a_limit_below_what_is_there_takes_nothing_away(account):
    customers(account, 3)
    assert _limit(account, stored_rows=1).stored_rows.used == 3
    assert len(phones_of(account)) == 3


def _fetched(account, external_id, phone):
    """Keeps one user of user-service in a campaign; returns how many people that added to it."""
    user = CustomerFromUser(external_id, phone, "mobile", "Maria", "P", None, None)
    draft = a_campaign(account, everyone=True).id
    with db.atomic():
        return keep_users(account.id, draft, SortedUsers([user], [], Counter()), country=None, room=None)[0]


def test_what_adds_nothing_is_not_refused_below_a_lowered_limit(account):
    lines = ["phone,first_name\n", "+306900000001,Maria\n", "+306900000002,Anna\n"]
    list_id = import_customers(asking(account.id), lines, list_name="a").list_id
    known = [customer["id"] for customer in rows("SELECT id FROM customer ORDER BY id")]
    _fetched(account, "7", "+306900000001")
    _limit(account, stored_rows=1)
    changed = [lines[0], lines[1].replace("Maria", "Mary"), lines[2]]
    assert import_customers(asking(account.id), changed, list_name="a").updated == 2
    assert add_members(asking(account.id), list_id, known).added == 0
    assert _fetched(account, "7", "+306900000001") == 1
    with pytest.raises(QuotaExceeded):
        _fetched(account, "8", "+306900000009")
    other = a_list(account, 0)
    with pytest.raises(QuotaExceeded):
        add_members(asking(account.id), other, known)
    with pytest.raises(QuotaExceeded):
        import_customers(asking(account.id), lines, list_name="b")


def test_campaigns_above_a_lowered_limit_are_still_rescheduled(account):
    made, _ = _schedule(account), _schedule(account)
    _limit(account, scheduled_campaigns=1)
    later = TOMORROW + timedelta(days=1)
    assert schedule_campaign(asking(account.id), made.id, later).scheduled_at == later
    assert edit_campaign(asking(account.id), made.id, {"scheduled_at": TOMORROW, "name": "y"}).scheduled_at == TOMORROW
    pause_campaign(asking(account.id), made.id)
    resume_campaign(asking(account.id), made.id)
    unschedule_campaign(asking(account.id), made.id)
    with pytest.raises(QuotaExceeded):
        schedule_campaign(asking(account.id), made.id, later)
