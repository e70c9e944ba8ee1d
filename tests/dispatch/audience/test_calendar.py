"""Segments by dates: before and after a day, in the last and the next days, and anniversaries."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from dispatch.audience import members
from dispatch.audience.filter import read_filter
from dispatch.audience.members import Audience
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.preparation import prepare
from models.database import rows
from tests.clock import set_clock, stopped_clock
from tests.factories import a_campaign, a_segment, an_account, asking, customers
from tests.sending import start_claim
from tests.stored import recipients_of

PEOPLE = {
    "today": "1990-05-17",
    "in a week": "1985-05-24T08:00",
    "in May": "2001-05-01",
    "yesterday": "2030-05-16",
    "leap day": "2000-02-29",
    "tomorrow": "2030-05-18T09:30:00+02:00",
    "text": "next week",
    "none": None,
}


@pytest.fixture
def account(db):
    """People with a date, on 17 May 2030."""
    with stopped_clock(datetime(2030, 5, 17, 8, tzinfo=UTC)):
        made = an_account()
        for customer, day in zip(customers(made, len(PEOPLE)), PEOPLE.values(), strict=True):
            rows("UPDATE customer SET attributes = %s WHERE id = %s", [Jsonb({"day": day}), customer])
        yield made


def found(account, operator, value, *, field="attributes.day"):
    asked = read_filter({"logic": "and", "conditions": [{"field": field, "operator": operator, "value": value}]})
    audience = Audience(
        account_id=account.id, campaign_id=None, kind="segment", segment_filter=asked.model_dump(mode="json")
    )
    names = list(PEOPLE)
    return [names[person["id"] - 1] for person in members.page_of(audience, (), after=0, limit=100)]


@pytest.mark.parametrize(
    ("operator", "value", "names"),
    [
        ("anniversary_in_days", 0, ["today"]),
        ("anniversary_in_days", 7, ["in a week"]),
        ("anniversary_in_days", 1, ["tomorrow"]),
        ("anniversary_in_month", 5, ["today", "in a week", "in May", "yesterday", "tomorrow"]),
        ("anniversary_in_month", 2, ["leap day"]),
        ("before", "1990-05-17", ["in a week"]),
        ("after", "2030-05-16", ["tomorrow"]),
        ("in_last_days", 0, []),
        ("in_last_days", 1, ["yesterday"]),
        ("in_next_days", 1, ["tomorrow"]),
    ],
)
def test_people_are_found_by_their_dates(account, operator, value, names):
    assert found(account, operator, value) == names


@pytest.mark.parametrize(
    ("day", "celebrated"),
    [("2030-02-28", True), ("2030-03-01", False), ("2032-02-28", False), ("2032-02-29", True)],
)
def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(account, day, celebrated):
    set_clock(datetime.fromisoformat(f"{day}T12:00Z"))
    assert ("leap day" in found(account, "anniversary_in_days", 0)) is celebrated


@pytest.mark.parametrize(("zone", "names"), [("Pacific/Auckland", ["tomorrow"]), ("America/New_York", ["today"])])
def test_today_is_what_the_accounts_clocks_show(account, zone, names):
    set_clock(datetime(2030, 5, 17, 20, tzinfo=UTC))
    rows("UPDATE account SET zone = %s", [zone])
    assert found(account, "anniversary_in_days", 0) == names


def test_customers_are_found_by_when_they_were_added(account):
    rows("UPDATE customer SET created_at = %s WHERE id = 1", [datetime(2030, 5, 10, tzinfo=UTC)])
    rows("UPDATE customer SET created_at = %s WHERE id > 1", [datetime(2029, 1, 1, tzinfo=UTC)])
    assert found(account, "in_last_days", 7, field="created_at") == ["today"]
    assert len(found(account, "before", "2030-05-10", field="created_at")) == len(PEOPLE) - 1


def test_a_preparation_over_midnight_writes_to_one_audience(account, redis):
    segment = a_segment(account, "attributes.day", "anniversary_in_days", 0)
    campaign = a_campaign(account, segment_id=segment)
    claimed = start_claim(campaign.id, batch_size=10, recipients=1)
    set_clock(datetime(2030, 5, 17, 8, tzinfo=UTC) + timedelta(days=1))
    prepare(claimed)
    assert recipients_of(campaign.id) == ["+306900000000"]


def test_a_birthday_campaign_reaches_who_has_one_today(account, redis):
    campaign = a_campaign(account, segment_id=a_segment(account, "attributes.day", "anniversary_in_days", 0))
    assert enqueue_campaign(asking(), campaign.id).queued == 1
    assert recipients_of(campaign.id) == ["+306900000000"]
