"""Actions on a campaign over HTTP, among them the calls that users already make, one by one."""

import pytest

from api.http.errors import STATUS
from models.database import rows
from tests.factories import a_campaign, a_list, an_account, customers
from tests.remote import a_business, a_remote_campaign
from tests.sending import start_and_deliver
from tests.stored import phones_of, stored_rows

LATER = "2035-06-01T09:00:00Z"


@pytest.fixture(params=["", "/api"])
def prefix(request):
    return request.param


def refused(answer, code: str, says: str = "") -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)
    assert says in answer.json["error"]["message"]


def test_the_documented_steps_lead_to_a_scheduled_campaign(account, call, prefix):
    ids = customers(account, 3)
    body = {"name": "Postman Scheduled Test", "channel": "sms", "base_template": "Hello {first_name}!"}
    made = call("POST", f"{prefix}/campaigns", json={**body, "scheduled_at": "2035-06-01T09:00:00.000Z"})
    assert (made.status_code, made.json["status"]) == (201, "scheduled")
    number = made.json["id"]
    sent = call("POST", f"{prefix}/campaigns/{number}/send", json={"customer_ids": ids})
    assert sent.status_code == 200
    assert sent.json == {"campaign_id": number, "messages_queued": 3, "status": "scheduled"}
    shown = call("GET", f"{prefix}/campaigns/{number}").json
    assert shown["status"] == "scheduled"
    assert (shown["stats"]["total"], shown["stats"]["pending"]) == (3, 3)
    assert rows("SELECT 1 FROM message") == []
    assert call("POST", f"{prefix}/campaigns/{number}/enqueue").status_code == 202
    assert call("GET", f"{prefix}/campaigns/{number}").json["status"] == "sending"
    states = rows("SELECT state, body FROM message WHERE campaign_id = %s ORDER BY n", [number])
    assert [(message["state"], message["body"]) for message in states] == [
        ("pending", f"Hello First{n}!") for n in range(3)
    ]


def test_the_documented_send_starts_a_draft(account, call, prefix):
    ids = customers(account, 3)
    number = call("POST", f"{prefix}/campaigns", json={"name": "Now", "base_template": "Hi {first_name}"}).json["id"]
    sent = call("POST", f"{prefix}/campaigns/{number}/send", json={"customer_ids": ids})
    assert (sent.status_code, sent.json) == (200, {"campaign_id": number, "messages_queued": 3, "status": "sending"})


def test_customers_are_not_added_to_a_campaign_for_a_list(account, call):
    campaign = a_campaign(account, recipients=2)
    sent = call("POST", f"/api/campaigns/{campaign.id}/send", json={"customer_ids": customers(account, 1)})
    refused(sent, "INVALID_STATUS", f"is list {campaign.audience.list_id}, to which customers cannot be added")
    assert call("GET", f"/api/campaigns/{campaign.id}").json["audience"]["kind"] == "list"


def test_the_documented_lists_are_answered(account, call, prefix):
    made = [a_campaign(account, name=f"Campaign {n}", channel="sms").id for n in range(12)]
    a_campaign(account, channel="whatsapp", name="Other")
    first = call("GET", f"{prefix}/campaigns?page=1&page_size=10&channel=sms").json
    assert [campaign["id"] for campaign in first["data"]] == made[:1:-1]
    assert first["pagination"] == {"page": 1, "page_size": 10, "total_count": 12, "total_pages": 2}
    second = call("GET", f"{prefix}/campaigns?page=2&page_size=5&channel=sms").json
    assert [campaign["id"] for campaign in second["data"]] == made[6:1:-1]
    assert call("GET", f"{prefix}/campaigns?q=campaign 11").json["data"][0]["id"] == made[11]


def test_a_campaign_is_edited_duplicated_unscheduled_and_deleted(account, call, prefix):
    list_id = a_list(account, 2)
    campaign = a_campaign(account, everyone=True, name="Sale")
    path = f"{prefix}/campaigns/{campaign.id}"
    edited = call("PATCH", path, json={"base_template": "Hi!", "list_id": list_id, "scheduled_at": LATER})
    assert edited.status_code == 200
    assert (edited.json["base_template"], edited.json["audience"]["list_id"]) == ("Hi!", list_id)
    assert (edited.json["name"], edited.json["status"]) == ("Sale", "scheduled")
    copy = call("POST", f"{path}/duplicate", json={"name": "Again"})
    assert (copy.status_code, copy.json["name"], copy.json["status"]) == (201, "Again", "draft")
    assert call("POST", f"{path}/duplicate").json["name"] == "Copy of Sale"
    assert call("POST", f"{path}/unschedule").json["status"] == "draft"
    gone = call("DELETE", path)
    assert (gone.status_code, gone.data) == (204, b"")
    refused(call("GET", path), "CAMPAIGN_NOT_FOUND")


@pytest.mark.parametrize(
    ("verb", "body", "code", "says"),
    [
        ("send", {"customer_ids": []}, "EMPTY_CUSTOMER_IDS", "at least one"),
        ("send", {"customer_ids": [987_654]}, "CUSTOMER_NOT_FOUND", "987654"),
        ("send", {"customer_ids": [2**70]}, "CUSTOMER_NOT_FOUND", str(2**70)),
        ("send", {"customer_ids": ["1"]}, "INVALID_REQUEST", "customer_ids"),
        ("send", {"customer_ids": [True]}, "INVALID_REQUEST", "customer_ids"),
        ("send", {"customer_ids": None}, "INVALID_REQUEST", "customer_ids"),
        ("send", {}, "INVALID_REQUEST", "customer_ids"),
        ("send", {"customer_ids": [1], "now": True}, "INVALID_REQUEST", "now"),
        ("unschedule", None, "INVALID_STATUS", "is draft"),
        ("retry-failed", None, "INVALID_STATUS", "is draft"),
        ("send-to-rest", None, "INVALID_STATUS", "is draft"),
        ("test-send", {"numbers": []}, "INVALID_REQUEST", "1 to 10"),
        ("test-send", {"numbers": ["+306912222222"] * 11}, "INVALID_REQUEST", "1 to 10"),
        ("test-send", {"numbers": ["hello"]}, "INVALID_REQUEST", "numbers.0"),
        ("test-send", {"numbers": [306912222222]}, "INVALID_REQUEST", "numbers.0"),
        ("test-send", {}, "INVALID_REQUEST", "numbers"),
        ("duplicate", {"name": " "}, "INVALID_REQUEST", "1 to 200"),
        ("duplicate", {"nmae": "x"}, "INVALID_REQUEST", "nmae"),
    ],
)
def test_an_invalid_action_is_refused(account, call, verb, body, code, says):
    campaign = a_campaign(account, customer_ids=customers(account, 1))
    before = stored_rows()
    refused(call("POST", f"/api/campaigns/{campaign.id}/{verb}", json=body), code, says)
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({}, "INVALID_REQUEST", "at least one field"),
        ({"name": None}, "INVALID_REQUEST", "name"),
        ({"base_template": "{first_nme}"}, "INVALID_TEMPLATE", "first_nme"),
        ({"status": "sending"}, "INVALID_REQUEST", "status"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "INVALID_REQUEST", "in the future"),
        ({"customer_ids": []}, "EMPTY_CUSTOMER_IDS", "at least one"),
        ({"list_id": 5}, "RESOURCE_NOT_FOUND", "list"),
        ({"list_id": 5, "everyone": True}, "INVALID_REQUEST", "one audience"),
    ],
)
def test_an_invalid_edit_is_refused(account, call, body, code, says):
    campaign = a_campaign(account, everyone=True)
    before = stored_rows()
    refused(call("PATCH", f"/api/campaigns/{campaign.id}", json=body), code, says)
    assert stored_rows() == before


def test_a_key_that_may_write_but_not_send_neither_starts_nor_schedules(account, as_account):
    draft, scheduled = a_campaign(account, recipients=1), a_campaign(account, recipients=1)
    writer = as_account(account, scopes=["read", "write"])
    rows("UPDATE campaign SET status = 'scheduled', scheduled_at = %s WHERE id = %s", [LATER, scheduled.id])
    before = stored_rows()
    path = f"/api/campaigns/{draft.id}"
    for verb, body in (("send", {"customer_ids": [1]}), ("test-send", {"numbers": ["+306912222222"]})):
        refused(writer("POST", f"{path}/{verb}", json=body), "FORBIDDEN")
    for verb in ("retry-failed", "send-to-rest"):
        refused(writer("POST", f"{path}/{verb}"), "FORBIDDEN")
    refused(writer("PATCH", path, json={"scheduled_at": LATER}), "FORBIDDEN")
    refused(writer("PATCH", f"/api/campaigns/{scheduled.id}", json={"everyone": True}), "FORBIDDEN")
    assert stored_rows() == before
    assert writer("PATCH", path, json={"everyone": True}).status_code == 200


@pytest.mark.parametrize("verb", ["send", "unschedule", "retry-failed", "send-to-rest", "test-send", "duplicate", ""])
def test_another_accounts_campaign_looks_exactly_like_a_missing_one(call, verb):
    theirs = a_campaign(an_account(), recipients=1).id
    bodies = {"send": {"customer_ids": [1]}, "test-send": {"numbers": ["+306912222222"]}}
    before = stored_rows()
    for method in ["POST"] if verb else ["PATCH", "DELETE"]:
        body = {"json": bodies.get(verb, {"name": "x"})} if verb in bodies or method == "PATCH" else {}
        answers = [
            call(method, f"/api/campaigns/{number}{'/' * bool(verb)}{verb}", **body) for number in (theirs, 987_654)
        ]
        for answer in answers:
            refused(answer, "CAMPAIGN_NOT_FOUND")
        assert answers[0].json["error"] == answers[1].json["error"]
    assert stored_rows() == before


@pytest.mark.parametrize("verb", ["send", "retry-failed", "test-send"])
def test_a_start_repeated_under_its_idempotency_key_happens_once(account, call, verb):
    campaign = a_campaign(account, recipients=2)
    if verb == "retry-failed":
        start_and_deliver(campaign, reject=phones_of(account))
    body = {"send": {"customer_ids": [1]}, "test-send": {"numbers": ["+306912222222"]}}.get(verb)
    asked = {"json": body, "headers": {"Idempotency-Key": "k-1"}}
    path = f"/api/campaigns/{campaign.id}/{verb}"
    first = call("POST", path, **asked)
    # As after a crash: the start is committed and its answer was not kept.
    rows("DELETE FROM idempotency_key")
    again = call("POST", path, **asked)
    assert again.status_code == first.status_code
    same = ("campaignId", "parentId", "queued", "campaign_id", "messages_queued", "status")
    assert [again.json.get(field) for field in same] == [first.json.get(field) for field in same]
    assert len(rows("SELECT 1 FROM campaign")) == (1 if verb == "send" else 2)


def test_a_start_while_the_list_is_still_importing_is_refused_until_it_is_wanted_anyway(as_account):
    account = an_account(country="GR")
    members = a_list(account, 1, name="spring")
    campaign = a_campaign(account, list_id=members)
    call = as_account(account)
    call("POST", "/api/imports?list=spring", data="phone\n6900000001\n", content_type="text/csv")
    path = f"/api/campaigns/{campaign.id}/enqueue"
    for body in ({}, {"json": {}}, {"json": {"anyway": False}}):
        refused = call("POST", path, **body)
        assert (refused.status_code, refused.json["error"]["code"]) == (409, "IMPORT_RUNNING")
        assert refused.json["error"]["details"]["lines"] == 0
    assert call("POST", path, json={"anyway": "yes"}).status_code == 400
    started = call("POST", path, json={"anyway": True})
    assert (started.status_code, started.json["queued"]) == (202, 1)


def test_a_remote_campaign_is_preparing_until_its_users_are_fetched(as_account, remote):
    business = a_business()
    call = as_account(business)
    campaign = a_remote_campaign(remote, business, users=3)
    started = call("POST", f"/api/campaigns/{campaign.id}/enqueue", headers={"Idempotency-Key": "k"})
    assert (started.status_code, started.json["status"], started.json["queued"]) == (202, "preparing", 0)
    again = call("POST", f"/api/campaigns/{campaign.id}/enqueue", headers={"Idempotency-Key": "k"})
    assert again.json == started.json
    assert remote.users.requests == []


def test_a_remote_campaign_of_an_account_without_a_business_is_refused(call, account, remote):
    campaign = a_remote_campaign(remote, account)
    refused = call("POST", f"/api/campaigns/{campaign.id}/enqueue")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "REMOTE_NOT_CONFIGURED")
