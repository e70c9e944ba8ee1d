"""What a campaign's plan says before the start is what its preparation then writes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.plans import plan_campaign
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.clock import stopped_clock
from tests.factories import a_campaign, an_account, asking
from tests.sending import start_and_deliver
from tests.stored import campaign_row

pytestmark = pytest.mark.usefixtures("db", "redis")

# A Monday in the winter of Athens (UTC+2), where the numbers of tests are.
MORNING = datetime(2030, 1, 7, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Numbers of many kinds: toll-free, of countries with several zones, of two that share a calling code, of no country.
PHONES = [
    *("+12125550123", "+13105550123", "+18002345678", "+12085550123", "+79161234567", "+77012345678", "+61412345678"),
    *("+5511961234567", "+447797712345", "+447400123456", "+390612345678", "+353850123456", "+881612345678"),
    *("+919812345678", "+33612345678", "+971501234567", "+14165550123", "+18762101234"),
]
#: Customers' own zones; the last is none.
ZONES = [None, "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Mars/Olympus"]


@pytest.fixture(autouse=True)
def _clock(db):
    with stopped_clock(MORNING):
        yield


def prepared(campaign_id):
    """Returns how many messages are due when in each zone, and how many are skipped for each reason."""
    expires_at = campaign_row(campaign_id)["expires_at"]
    messages = rows("SELECT * FROM message WHERE campaign_id = %s", [campaign_id])
    due = Counter(
        (one["zone"], one["not_before"] or MORNING, min(one["send_until"] or expires_at, expires_at))
        for one in messages
        if one["state"] == "pending"
    )
    return due, Counter(one["reason"] for one in messages if one["state"] == "skipped")


def people_of_all_kinds(account):
    """Adds customers with numbers and zones from everywhere, some of whom opted out."""
    for n, phone in enumerate(PHONES):
        for m, zone in enumerate(ZONES):
            rows(
                "INSERT INTO customer (account_id, phone, zone) VALUES (%s, %s, %s)",
                [account.id, f"{phone[:-2]}{m}{n % 10}", zone],
            )
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id %% 7 = 0", [])


@pytest.mark.parametrize("over_cap", ["skip", "defer"])
@pytest.mark.parametrize(
    "changes",
    [
        {"send_window": "Mon-Fri 09:00-18:00", "holidays": "US"},
        {"local_time": "10:00"},
        {"local_time": "23:30", "send_window": "Tue-Sat"},
        {"send_window": "09:00-12:00", "expires_at": MORNING + 8 * HOUR},
        {"holidays": "GR"},
    ],
)
def test_a_plan_is_what_the_preparation_then_writes(changes, over_cap):
    account = an_account(credits=1000)
    change_account(asking(account.id), {"quiet_hours": "default", "cap_per_week": 1, "over_cap": over_cap})
    start_and_deliver(a_campaign(account, recipients=5))
    people_of_all_kinds(account)
    campaign_id = a_campaign(account, everyone=True).id
    edit_campaign(asking(), campaign_id, changes)

    plan = plan_campaign(asking(), campaign_id)
    enqueue_campaign(asking(), campaign_id)

    due, skipped = prepared(campaign_id)
    # Who was put off by the cap is due when the week is over.
    for put_off in [stretch for stretch in due if stretch[1] >= MORNING + 7 * DAY]:
        skipped["frequency_cap"] += due.pop(put_off)
    assert {(each.zone, each.first_at, each.until): each.recipients for each in plan.zones} == due
    assert (plan.starts_at, plan.expires_at) == (MORNING, campaign_row(campaign_id)["expires_at"])
    not_reached = plan.held_back.model_dump(include={"opted_out", "frequency_cap", "expired"})
    assert {reason: people for reason, people in not_reached.items() if people} == skipped
    assert sum(each.recipients for each in plan.zones) + sum(not_reached.values()) == 5 + len(PHONES) * len(ZONES)
