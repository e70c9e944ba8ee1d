"""If-Match and `revision`: a campaign that was changed after it was read is neither changed nor started."""

import pytest

from dispatch.campaigns.editing import edit_campaign
from models.database import rows
from tests.factories import a_campaign, arrange_state, asking, customers
from tests.racing import race
from tests.stored import stored_rows

LATER = "2090-01-31T09:00:00Z"
# Each call that changes one campaign: its method, the end of its address, its body and the state that it is for.
CALLS = [
    ("PATCH", "", {"name": "Other"}, "draft"),
    ("DELETE", "", None, "draft"),
    ("POST", "/enqueue", None, "draft"),
    ("POST", "/send", {"customer_ids": [1]}, "draft"),
    ("POST", "/schedule", {"scheduled_at": LATER}, "draft"),
    ("POST", "/unschedule", None, "scheduled"),
    ("POST", "/pause", None, "scheduled"),
    ("POST", "/resume", None, "paused"),
    ("POST", "/cancel", None, "draft"),
]


@pytest.fixture
def campaign(account):
    return a_campaign(account, customer_ids=customers(account, 2))


def changed(campaign) -> int:
    return edit_campaign(asking(), campaign.id, {"template": "New"}).revision


def in_state(campaign, state):
    more = {"scheduled_at": LATER} if state != "draft" else {}
    arrange_state(campaign.id, state, **more, **({"paused_from": "scheduled"} if state == "paused" else {}))


def refused(answer, status, code, **details):
    error = answer.json["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.json
    assert details.items() <= error["details"].items()


@pytest.mark.parametrize(("method", "verb", "body", "state"), CALLS)
def test_what_changes_a_campaign_that_was_changed_since_is_refused(call, campaign, method, verb, body, state):
    now = changed(campaign)
    in_state(campaign, state)
    before = stored_rows()
    for etag in (campaign.revision, now + 1):
        stale = call(method, f"/api/campaigns/{campaign.id}{verb}", json=body, headers={"If-Match": f'"{etag}"'})
        refused(stale, 412, "PRECONDITION_FAILED", revision=now, read=etag)
        assert stored_rows() == before


@pytest.mark.parametrize("etag", ["*", "its own"])
@pytest.mark.parametrize(("method", "verb", "body", "state"), CALLS)
def test_one_that_is_as_it_was_read_is_changed(call, campaign, method, verb, body, state, etag):
    in_state(campaign, state)
    read = call("GET", f"/api/campaigns/{campaign.id}").headers["ETag"]
    headers = {"If-Match": read if etag == "its own" else etag}
    assert call(method, f"/api/campaigns/{campaign.id}{verb}", json=body, headers=headers).status_code < 300


@pytest.mark.parametrize(("method", "verb", "body", "state"), CALLS)
@pytest.mark.parametrize("etag", ['W/"1"', "1", "", '"1", "2"', '"one"', '"1', '"9999999999"'])
def test_an_etag_that_no_answer_had_is_refused(call, campaign, method, verb, body, state, etag):
    in_state(campaign, state)
    before = stored_rows()
    unread = call(method, f"/api/campaigns/{campaign.id}{verb}", json=body, headers={"If-Match": etag})
    refused(unread, 400, "INVALID_REQUEST", field="If-Match")
    assert stored_rows() == before


def test_every_answer_that_shows_one_campaign_has_its_etag(call):
    key = {"Idempotency-Key": "made"}
    made = [call("POST", "/api/campaigns", json={"name": "Sale"}, headers=key) for _ in range(2)]
    path = f"/api/campaigns/{made[0].json['id']}"
    changed = call("PATCH", path, json={"base_template": "Hi"})
    shown = [*made, changed, call("GET", path), call("POST", f"{path}/duplicate"), call("POST", f"{path}/cancel")]
    assert [answer.headers["ETag"] for answer in shown] == [f'"{answer.json["revision"]}"' for answer in shown]
    assert changed.json["revision"] == made[0].json["revision"] + 1
    assert "ETag" not in call("GET", "/api/campaigns").headers


@pytest.mark.parametrize(("method", "verb", "body"), [("PATCH", "", {"name": "Other"}), ("POST", "/enqueue", {})])
def test_the_field_revision_does_the_same(call, campaign, method, verb, body):
    path, now = f"/api/campaigns/{campaign.id}{verb}", changed(campaign)
    before = stored_rows()
    for read in (campaign.revision, 2**70, -1):
        stale = call(method, path, json=body | {"revision": read})
        refused(stale, 409, "INVALID_STATUS", revision=now, read=read)
    both = call(method, path, json=body | {"revision": now}, headers={"If-Match": f'"{now + 1}"'})
    refused(both, 400, "INVALID_REQUEST", field="revision")
    assert stored_rows() == before
    assert call(method, path, json=body | {"revision": now}).status_code in (200, 202)


def test_an_approval_is_for_the_revision_that_was_read(account, as_account, campaign):
    now, call = changed(campaign), as_account(account, scopes=["approve"])
    path, etag = f"/api/campaigns/{campaign.id}/approve", {"If-Match": f'"{campaign.revision}"'}
    refused(call("POST", path, json={"revision": campaign.revision}), 409, "INVALID_STATUS", revision=now)
    stale = call("POST", path, json={"revision": campaign.revision}, headers=etag)
    refused(stale, 412, "PRECONDITION_FAILED", revision=now, read=campaign.revision)
    assert call("POST", path, json={"revision": now}, headers={"If-Match": f'"{now}"'}).json["approved_by"]


@pytest.mark.parametrize("verb", ["pause", "unschedule", "cancel"])
def test_a_recurring_campaign_that_was_changed_since_stays_as_it_is(call, account, verb):
    body = {"name": "Weekly", "base_template": "Hi", "everyone": True, "cron_expression": "0 9 * * 1"}
    made = call("POST", "/api/campaigns", json=body).json
    path = f"/api/campaigns/{made['id']}"
    now = call("PATCH", path, json={"base_template": "Hello"}).json["revision"]
    before = stored_rows()
    stale = call("POST", f"{path}/{verb}", headers={"If-Match": f'"{made["revision"]}"'})
    refused(stale, 412, "PRECONDITION_FAILED", revision=now, read=made["revision"])
    assert stored_rows() == before
    assert call("POST", f"{path}/{verb}", headers={"If-Match": f'"{now}"'}).status_code == 200


def test_of_two_changes_at_once_of_what_both_have_read_one_is_refused(app, account, as_account, campaign):
    call, etag = as_account(account), {"If-Match": f'"{campaign.revision}"'}

    def change(text: str) -> int:
        return call("PATCH", f"/api/campaigns/{campaign.id}", json={"base_template": text}, headers=etag).status_code

    assert sorted(race(lambda: change("One"), lambda: change("Two"))) == [200, 412]
    assert len(rows("SELECT 1 FROM audit_event WHERE action = 'campaign.edited'")) == 1


@pytest.mark.parametrize("path", ["/api/lists", "/api/templates", "/api/segments"])
def test_nothing_else_takes_if_match(call, path):
    refused(call("POST", path, json={"name": "x"}, headers={"If-Match": "*"}), 400, "INVALID_REQUEST", field="If-Match")
