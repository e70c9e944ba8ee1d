"""When a campaign may reach people, over HTTP: its zone, local time, window, holidays, purpose and grace."""

import pytest

from dispatch.accounts.accounts import change_account
from tests.factories import asking

HOURS = {
    "purpose": "service",
    "timezone": "Europe/Athens",
    "local_time": "10:00",
    "send_window": "mon - fri 9:00-18:00",
    "holidays": "gr",
    "grace_sec": 600,
}
SHOWN = {**HOURS, "send_window": "Mon-Fri 09:00-18:00", "holidays": "GR"}


def new(call, **fields):
    return call("POST", "/api/campaigns", json={"name": "Sale", "base_template": "Hi", "everyone": True, **fields})


def test_a_campaign_is_created_with_its_hours_and_changed(call):
    made = new(call, **HOURS)
    assert made.status_code == 201
    assert {field: made.json[field] for field in SHOWN} == SHOWN
    path = f"/api/campaigns/{made.json['id']}"
    changes = {"purpose": "marketing", "local_time": None, "send_window": "10:00-12:00", "holidays": None}
    changed = call("PATCH", path, json=changes).json
    assert {field: changed[field] for field in SHOWN} == {**SHOWN, **changes}
    assert call("POST", f"{path}/duplicate").json["send_window"] == "10:00-12:00"


def test_by_default_anything_goes_at_once(call):
    made = new(call).json
    assert (made["purpose"], made["timezone"], made["local_time"], made["send_window"]) == (
        "marketing",
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2035-06-01T09:00:00", "2035-06-01T06:00:00+00:00"),
        ("2035-01-01T09:00:00", "2035-01-01T07:00:00+00:00"),
        # The clocks go from 03:00 to 04:00 that night: the first time that they show afterwards.
        ("2035-03-25T03:30:00", "2035-03-25T01:00:00+00:00"),
        # They show this time twice: the first.
        ("2035-10-28T03:30:00", "2035-10-28T00:30:00+00:00"),
        ("2035-06-01T09:00:00Z", "2035-06-01T09:00:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_on_the_clocks_of_the_campaign(call, written, stored):
    made = new(call, scheduled_at=written, timezone="Europe/Athens").json
    assert made["scheduled_at"] == stored
    path = f"/api/campaigns/{made['id']}"
    call("POST", f"{path}/unschedule")
    assert call("POST", f"{path}/schedule", json={"scheduled_at": written}).json["scheduled_at"] == stored
    assert call("PATCH", path, json={"scheduled_at": written}).json["scheduled_at"] == stored


def test_a_time_without_any_zone_is_refused(call):
    refused = new(call, scheduled_at="2035-06-01T09:00:00")
    assert refused.status_code == 400
    assert "no time zone" in refused.json["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "spam"),
        ("timezone", "Athens"),
        ("local_time", "25:00"),
        ("local_time", "10"),
        ("send_window", "22:00-02:00"),
        ("send_window", "Funday 10:00-12:00"),
        ("holidays", "XX"),
        ("grace_sec", -1),
        ("grace_sec", 10**9),
        ("grace_sec", "soon"),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(call, field, value):
    refused = new(call, **{field: value})
    assert refused.status_code == 400
    assert refused.json["error"]["code"] == "INVALID_REQUEST"
    assert field in str(refused.json["error"])
    assert call("GET", "/api/campaigns").json["data"] == []
    made = new(call).json
    assert call("PATCH", f"/api/campaigns/{made['id']}", json={field: value}).status_code == 400
    assert call("GET", f"/api/campaigns/{made['id']}").json == made


def test_a_window_within_quiet_hours_is_refused(call, account):
    change_account(asking(account.id), {"quiet_hours": "22:00-09:00"})
    refused = new(call, send_window="06:00-08:00")
    assert (refused.status_code, refused.json["error"]["details"]["field"]) == (400, "send_window")
    assert new(call, send_window="06:00-08:00", purpose="service").status_code == 201


def test_a_time_may_name_its_zone_and_a_wrong_one_is_named(call):
    made = new(call, scheduled_at="2090-01-31T09:00 Europe/Athens")
    assert made.json["scheduled_at"] == "2090-01-31T07:00:00+00:00"
    wrong = call("POST", f"/api/campaigns/{made.json['id']}/schedule", json={"scheduled_at": "2090-01-31T09:00 Athens"})
    assert wrong.status_code == 400
    assert "'Athens' is no IANA time zone" in wrong.json["error"]["message"]
