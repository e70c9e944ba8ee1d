"""Campaigns over HTTP: created, listed, started, scheduled and read."""

import pytest

from dispatch.start.occurrences import register_occurrences
from models.database import rows
from tests.factories import a_campaign, a_list, an_account, customers
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import phones_of

LATER = "2035-06-01T09:00:00+02:00"


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_campaign_is_created_read_and_listed_with_and_without_the_prefix(call, prefix):
    made = call(
        "POST",
        f"{prefix}/campaigns",
        json={"name": "Postman Scheduled Test", "channel": "sms", "base_template": "Hello {first_name}!",
              "scheduled_at": "2035-06-01T09:00:00.000Z"},
    )  # fmt: skip
    assert made.status_code == 201
    assert made.json["status"] == "scheduled"
    assert made.json["base_template"] == "Hello {first_name}!"
    assert call("GET", f"{prefix}/campaigns/{made.json['id']}").json == made.json
    assert call("GET", f"{prefix}/campaigns").json["data"] == [made.json]


def test_without_a_time_it_is_a_draft(call):
    made = call("POST", "/api/campaigns", json={"name": "Sale", "everyone": True})
    assert (made.json["status"], made.json["channel"], made.json["audience"]) == ("draft", "sms", {"kind": "everyone"})


@pytest.mark.parametrize(
    ("query", "shown", "page", "page_size", "pages"),
    [
        ("", 12, 1, 20, 1),
        ("page=2&page_size=5", 5, 2, 5, 3),
        ("page=3&page_size=5", 2, 3, 5, 3),
        ("page=0&page_size=0", 12, 1, 20, 1),
        ("page=-1&page_size=1000", 12, 1, 100, 1),
        ("page=&page_size=", 12, 1, 20, 1),
        ("page=99999999999999999999", 0, 1_000_000_000, 20, 1),
    ],
)
def test_pages_are_newest_first_and_clamped(account, call, query, shown, page, page_size, pages):
    made = [a_campaign(account, everyone=True).id for _ in range(12)]
    answer = call("GET", f"/campaigns?{query}").json
    first = (page - 1) * page_size
    assert [campaign["id"] for campaign in answer["data"]] == made[::-1][first : first + page_size]
    assert len(answer["data"]) == shown
    assert answer["pagination"] == {"page": page, "page_size": page_size, "total_count": 12, "total_pages": pages}


def test_the_list_can_be_filtered_by_channel_and_status(account, call):
    texted = a_campaign(account, everyone=True, channel="whatsapp")
    a_campaign(account, everyone=True)
    found = call("GET", "/campaigns?channel=whatsapp&status=draft").json
    assert [campaign["id"] for campaign in found["data"]] == [texted.id]
    assert found["pagination"]["total_count"] == 1


@pytest.mark.parametrize("path", ["/api/campaigns", "/campaigns"])
def test_whoever_asks_for_sent_campaigns_as_elsewhere_gets_the_completed_ones(account, call, path):
    done = a_campaign(account, recipients=1)
    start_and_deliver(done)
    a_campaign(account)
    found = call("GET", f"{path}?status=sent").json
    assert [(each["id"], each["status"]) for each in found["data"]] == [(done.id, "completed")]
    assert found == call("GET", f"{path}?status=completed").json
    assert call("GET", f"{path}?status=Sent").status_code == 400


def test_enqueue_answers_202_in_the_documented_shape(account, call, redis):
    campaign = a_campaign(account, recipients=5)
    answer = call("POST", f"/api/campaigns/{campaign.id}/enqueue", headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == 202
    assert answer.json == {
        "queued": 5, "enqueuedJobs": 1, "campaignId": campaign.id, "status": "sending", "queue": "send",
        "requestId": "mine-1",
        # The same in the case of every other answer.
        "enqueued_jobs": 1, "campaign_id": campaign.id, "request_id": "mine-1",
    }  # fmt: skip
    assert redis.llen("rq:queue:send") == 1
    shown = call("GET", f"/api/campaigns/{campaign.id}").json
    assert (shown["stats"]["total"], shown["stats"]["pending"], shown["credits"]["held"]) == (5, 5, 5)
    (row,) = rows("SELECT correlation_id, actor FROM campaign")
    assert row["correlation_id"] == "mine-1"
    assert row["actor"].startswith("key:")


def test_a_campaign_is_scheduled_paused_resumed_and_cancelled(account, call):
    campaign = a_campaign(account, recipients=1)
    path = f"/api/campaigns/{campaign.id}"
    assert call("POST", f"{path}/schedule", json={"scheduled_at": LATER}).json["status"] == "scheduled"
    assert call("POST", f"{path}/pause").json["status"] == "paused"
    assert call("POST", f"{path}/resume").json["status"] == "scheduled"
    assert call("POST", f"{path}/cancel").json["status"] == "cancelled"


def test_the_audit_trail_names_the_key_and_the_request(call):
    call("POST", "/api/campaigns", json={"name": "Sale", "everyone": True}, headers={"X-Request-ID": "r-7"})
    (event,) = rows("SELECT actor, request_id FROM audit_event WHERE action = 'campaign.created'")
    assert event["request_id"] == "r-7"
    assert event["actor"].startswith("key:")


def test_an_operator_reads_any_account_and_names_one_to_write(account, as_account):
    operator, campaign = as_account(None), a_campaign(account, everyone=True)
    body = {"name": "Sale", "everyone": True}
    assert operator("GET", f"/api/campaigns/{campaign.id}").status_code == 200
    assert operator("GET", "/api/campaigns").json["pagination"]["total_count"] == 1
    unnamed = operator("POST", "/api/campaigns", json=body)
    assert (unnamed.status_code, unnamed.json["error"]["details"]["field"]) == (400, "organization_id")
    named = operator("POST", f"/api/campaigns?organization_id={account.id}", json=body)
    assert named.json["account_id"] == str(account.id)


@pytest.mark.parametrize("organization", ["another", "nobody", "00000000-0000-0000-0000-000000000001"])
def test_another_organization_is_not_found_on_any_route(account, call, organization):
    campaign = a_campaign(account, everyone=True)
    named = an_account().id if organization == "another" else organization
    for path in ("/api/campaigns", f"/api/campaigns/{campaign.id}", "/api/customers"):
        assert call("GET", f"{path}?organization_id={named}").status_code == 404
    assert call("GET", f"/api/campaigns?organization_id={account.id}").status_code == 200


def test_a_list_of_customers_is_an_audience(account, call):
    chosen, list_id = customers(account, 2), a_list(account, 3)
    of_ids = call("POST", "/campaigns", json={"name": "A", "customer_ids": chosen})
    of_list = call("POST", "/campaigns", json={"name": "B", "list_id": list_id})
    assert of_ids.json["audience"] == {"kind": "customers", "customers": 2}
    assert of_list.json["audience"] == {"kind": "list", "list_id": list_id}


def test_a_remote_audience_is_given_and_refused_by_its_conditions(call):
    remote = {"conditions": [{"field": "city", "operator": "IN", "value": ["Athens"]}]}
    made = call("POST", "/api/campaigns", json={"name": "x", "remote": remote})
    assert made.json["audience"] == {"kind": "remote", **remote, "fetch": None}
    changed = call("PATCH", f"/api/campaigns/{made.json['id']}", json={"remote": {"conditions": []}})
    assert changed.json["audience"]["conditions"] == []
    wrong = call("POST", "/api/campaigns", json={"name": "x", "remote": {"conditions": [{"field": "city"}]}})
    assert wrong.status_code == 400
    assert wrong.json["error"]["message"].startswith("remote.conditions.0.operator: is missing")


@pytest.mark.parametrize(
    ("kind", "time"), [("scheduled", {"scheduled_at": LATER}), ("recurring", {"cron_expression": "0 9 * * 1"})]
)
def test_what_starts_by_itself_is_not_emptied(call, kind, time):
    register_occurrences()
    made = call("POST", "/api/campaigns", json={"name": "Sale", "base_template": "Hi", "everyone": True, **time}).json
    path = f"/api/campaigns/{made['id']}"
    for change, code in (({"base_template": ""}, "NO_MESSAGE_TEXT"), ({"everyone": False}, "NO_TARGET_AUDIENCE")):
        answer = call("PATCH", path, json=change)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, code)
        assert answer.json["error"]["message"].startswith(f"A {kind} campaign needs a")
    assert call("GET", path).json == made
    call("POST", f"{path}/unschedule")
    emptied = call("PATCH", path, json={"base_template": "", "everyone": False}).json
    assert (emptied["base_template"], emptied["audience"]) == ("", None)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_retry_a_rest_and_a_test_answer_with_the_child(account, call, prefix):
    campaign = a_campaign(account, recipients=2, everyone=False)
    phones = phones_of(account)
    start_and_deliver(campaign, reject=phones[:1])
    customers(account, 1)
    rows(
        "INSERT INTO list_member (account_id, list_id, customer_id) SELECT account_id, 1, 3 FROM customer WHERE id = 3"
    )
    path = f"{prefix}/campaigns/{campaign.id}"
    children = {
        "retry": call("POST", f"{path}/retry-failed", headers={"X-Request-ID": "r-1"}),
        "rest": call("POST", f"{path}/send-to-rest", headers={"X-Request-ID": "r-2"}),
        "test": call("POST", f"{path}/test-send", json={"numbers": ["+30 691 222 2222"]}),
    }
    for kind, answer in children.items():
        assert answer.status_code == 202
        child = call("GET", f"{prefix}/campaigns/{answer.json['campaignId']}").json
        assert (child["kind"], child["parent_id"], child["stats"]["pending"]) == (kind, campaign.id, 1)
        texts = [message["text"] for message in answer.json.get("messages", [])]
        assert texts == (["Hello Maria"] if kind == "test" else [])
        assert {name: value for name, value in answer.json.items() if name != "messages"} == {
            "queued": 1,
            "enqueuedJobs": 1,
            "campaignId": child["id"],
            "parentId": campaign.id,
            "status": "sending",
            "queue": "send",
            "requestId": answer.headers["X-Request-ID"],
            "enqueued_jobs": 1,
            "campaign_id": child["id"],
            "parent_id": campaign.id,
            "request_id": answer.headers["X-Request-ID"],
        }
        deliver(answering(), child["id"])
        assert call("GET", f"{prefix}/campaigns/{child['id']}").json["status"] == "completed"
    trail = rows("SELECT request_id, actor FROM audit_event WHERE action = 'campaign.created' AND request_id = 'r-1'")
    assert [event["actor"].partition(":")[0] for event in trail] == ["key"]
