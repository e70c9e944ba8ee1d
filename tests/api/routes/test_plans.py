"""A campaign's plan over HTTP: how many are reached when, by zone, and who is held back."""

from datetime import UTC, datetime

from models.database import rows
from tests.factories import a_campaign, customers


def test_a_plan_has_the_zones_and_who_is_held_back(account, call):
    people = customers(account, 3)
    rows("UPDATE customer SET zone = 'America/New_York' WHERE id = %s", [people[1]])
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [people[2]])
    campaign = a_campaign(account, everyone=True, scheduled_at=datetime(2090, 1, 2, 8, tzinfo=UTC)).id
    assert call("PATCH", f"/api/campaigns/{campaign}", json={"send_window": "09:00-18:00"}).status_code == 200
    answer = call("GET", f"/api/campaigns/{campaign}/plan")
    assert (answer.status_code, answer.json) == (
        200,
        {
            "starts_at": "2090-01-02T08:00:00+00:00",
            "expires_at": "2090-01-10T08:00:00+00:00",
            "zones": [
                {
                    "zone": "Europe/Athens",
                    "recipients": 1,
                    "first_at": "2090-01-02T10:00:00+02:00",
                    "until": "2090-01-02T18:00:00+02:00",
                },
                {
                    "zone": "America/New_York",
                    "recipients": 1,
                    "first_at": "2090-01-02T09:00:00-05:00",
                    "until": "2090-01-02T18:00:00-05:00",
                },
            ],
            "held_back": {
                "opted_out": 1,
                "not_mobile": 0,
                "frequency_cap": 0,
                "expired": 0,
                "local_time": 0,
                "holidays": 0,
                "window": 1,
                "quiet_hours": 0,
            },
        },
    )


def test_a_campaign_that_has_started_has_no_plan(account, call):
    campaign = a_campaign(account, recipients=1).id
    assert call("POST", f"/api/campaigns/{campaign}/enqueue").status_code == 202
    refused = call("GET", f"/api/campaigns/{campaign}/plan")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "INVALID_STATUS")
