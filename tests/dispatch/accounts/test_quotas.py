"""What an operator limits of an account: no door lets more in, and two at once do not both get the last place."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from dispatch.accounts.keys import issue_key
from dispatch.accounts.quotas import change_quotas, read_quotas
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign, schedule_campaign, unschedule_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.customers import create_customer, delete_customer
from dispatch.customers.import_run import continue_import
from dispatch.customers.import_upload import Wish, cancel_import, read_import, start_import
from dispatch.customers.imports import import_customers
from dispatch.customers.list_members import add_members
from dispatch.customers.suppressions import add_suppression
from dispatch.errors import Forbidden, InvalidRequest, QuotaExceeded
from dispatch.start.occurrences import register_occurrences
from models import quota
from models.database import rows
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.racing import race
from tests.sending import start_and_deliver
from tests.stored import phones_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(autouse=True)
def recurring():
    register_occurrences()


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def _limit(account, **limits):
    return change_quotas(asking(account.id), limits)


def _refused(act):
    """Does what a quota refuses; nothing may be changed."""
    before = stored_rows()
    with pytest.raises(QuotaExceeded, match="an operator can raise the limit") as refused:
        act()
    assert refused.value.code == "QUOTA_EXCEEDED"
    assert stored_rows() == before
    return refused.value.details


def _draft(account):
    return a_campaign(account, everyone=True)


def _schedule(account, **given):
    return create_campaign(
        asking(account.id), CampaignDraft(name="x", template="Hi", everyone=True, scheduled_at=TOMORROW, **given)
    )


SCHEDULING = {
    "create": lambda account, _: _schedule(account),
    "schedule": lambda account, draft: schedule_campaign(asking(account.id), draft.id, TOMORROW),
    "edit": lambda account, draft: edit_campaign(asking(account.id), draft.id, {"scheduled_at": TOMORROW}),
    "recurring": lambda account, _: create_campaign(
        asking(account.id), CampaignDraft(name="x", template="Hi", everyone=True, cron_expression="0 9 * * 1")
    ),
}


@pytest.mark.parametrize("door", SCHEDULING)
def test_no_more_campaigns_are_scheduled_than_an_operator_allows(account, door):
    draft = _draft(account)
    _schedule(account)
    _limit(account, scheduled_campaigns=1)
    details = _refused(lambda: SCHEDULING[door](account, draft))
    assert details == {"quota": "scheduled_campaigns", "limit": 1, "used": 1}
    _limit(account, scheduled_campaigns=2)
    SCHEDULING[door](account, draft)


def test_a_campaign_that_is_scheduled_again_or_paused_takes_no_second_place(account):
    _limit(account, scheduled_campaigns=1)
    made = _schedule(account)
    schedule_campaign(asking(account.id), made.id, TOMORROW + timedelta(days=1))
    pause_campaign(asking(account.id), made.id)
    _refused(lambda: _schedule(account))
    resume_campaign(asking(account.id), made.id)
    unschedule_campaign(asking(account.id), made.id)
    _schedule(account)


def test_of_four_campaigns_scheduled_at_once_one_gets_the_last_place(account):
    _limit(account, scheduled_campaigns=1)
    answers = race(*[lambda: _schedule(account).status] * 4)
    assert sorted(answers) == ["QUOTA_EXCEEDED"] * 3 + ["scheduled"]


def test_an_accounts_places_are_its_own(account):
    _limit(account, scheduled_campaigns=0, stored_rows=0)
    other = an_account()
    _schedule(other)
    customers(other, 1)
    assert create_customer(asking(other.id), phone="+306912345678").phone


def _upload(account, *phones):
    content = "\n".join(("phone", *phones)).encode()
    return start_import(asking(account.id), BytesIO(content), Wish("a"))


def test_no_more_imports_are_open_than_an_operator_allows(account):
    _limit(account, open_imports=1)
    first = _upload(account, "+306900000001")
    _refused(lambda: _upload(account, "+306900000002"))
    _refused(lambda: import_customers(asking(account.id), ["phone\n", "+306900000002\n"], list_name="b"))
    cancel_import(asking(account.id), first.id)
    assert _upload(account, "+306900000002").status == "queued"


def test_of_four_uploads_at_once_one_is_taken(account):
    _limit(account, open_imports=1)
    answers = race(*[lambda: _upload(account, "+306900000001").status] * 4)
    assert sorted(answers) == ["QUOTA_EXCEEDED"] * 3 + ["queued"]


def test_no_more_rows_are_stored_than_an_operator_allows(account):
    list_id = a_list(account, 2)
    [known] = customers(account, 1)
    _limit(account, stored_rows=5)
    _refused(lambda: create_customer(asking(account.id), phone="+306912345678"))
    _refused(lambda: add_members(asking(account.id), list_id, [known]))
    with pytest.raises(QuotaExceeded):
        import_customers(asking(account.id), ["phone\n", "+306912345678\n"], list_name="a")
    assert len(phones_of(account)) == 3
    delete_customer(asking(account.id), known)
    create_customer(asking(account.id), phone="+306912345678")


def test_of_four_customers_added_at_once_one_gets_the_last_place(account):
    _limit(account, stored_rows=1)
    adding = [lambda n=n: create_customer(asking(account.id), phone=f"+30691234567{n}").phone for n in range(4)]
    assert sorted(race(*adding))[1:] == ["QUOTA_EXCEEDED"] * 3
    assert len(phones_of(account)) == 1


def test_an_import_that_meets_the_limit_ends_as_failed_and_says_why(account):
    _limit(account, stored_rows=2)
    made = _upload(account, "+306900000001", "+306900000002")
    [token] = rows("SELECT token FROM customer_import")
    continue_import(made.id, token["token"])
    ended = read_import(asking(account.id), made.id)
    assert ended.status == "failed"
    assert "may have 2 customers and places on lists" in ended.error


def test_what_is_known_already_is_imported_again_at_the_limit(account):
    lines = ["phone,first_name\n", "+306900000001,Maria\n"]
    import_customers(asking(account.id), lines, list_name="a")
    _limit(account, stored_rows=2)
    assert import_customers(asking(account.id), lines, list_name="a").updated == 1


def test_an_opt_out_is_kept_whatever_the_limit(account):
    _limit(account, stored_rows=0)
    assert add_suppression(asking(account.id), phone="+306912345678")
    _limit(account, open_imports=0)
    opted_out = start_import(asking(account.id), BytesIO(b"phone\n+306912345679"), Wish(None))
    assert opted_out.status == "queued"


def test_the_account_sees_its_limits_and_what_is_used(account):
    _limit(account, messages_per_day=10, open_imports=2)
    start_and_deliver(a_campaign(account, recipients=3))
    seen = read_quotas(asking(account.id)).model_dump()
    assert seen == {
        "open_imports": {"limit": 2, "used": 0},
        "scheduled_campaigns": {"limit": None, "used": 0},
        "stored_rows": {"limit": None, "used": 6},
        "messages_per_day": {"limit": 10, "used": 3},
        "credits_per_day": {"limit": None, "used": 3},
        "countries": None,
    }


def test_a_key_of_the_account_does_not_raise_its_own_limits(account):
    key = issue_key(asking(account.id))
    before = stored_rows()
    with pytest.raises(Forbidden, match="set by operators"):
        change_quotas(asking(account.id, actor=f"key:{key.id}"), {"messages_per_day": None})
    assert stored_rows() == before


@pytest.mark.parametrize("changes", [{"messages_per_day": -1}, {"stored_rows": 10**16}, {"people": 1}])
def test_a_limit_that_cannot_be_is_refused(account, changes):
    before = stored_rows()
    with pytest.raises(InvalidRequest):
        change_quotas(asking(account.id), changes)
    assert stored_rows() == before


def test_an_account_without_a_limit_is_not_locked(account, monkeypatch):
    monkeypatch.setattr(quota, "_count", None)
    assert create_customer(asking(account.id), phone="+306912345678").phone
