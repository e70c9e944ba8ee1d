"""An invalid request is refused with a documented code and a sentence, and changes nothing."""

import pytest

from api.http.errors import STATUS
from models.database import rows
from tests.factories import a_campaign, an_account, arrange_state, customers
from tests.stored import stored_rows

PAST, LATER = "2020-01-01T00:00:00Z", "2035-06-01T09:00:00Z"


def refused(answer, code: str, says: str = "") -> None:
    assert answer.status_code == STATUS[code], answer.json
    assert answer.json["error"]["code"] == code
    assert says in answer.json["error"]["message"]
    assert answer.json["requestId"] == answer.headers["X-Request-ID"]


NEW_CAMPAIGNS = [
    ({"name": "x" * 10_000}, "INVALID_REQUEST", "1 to 200"),
    ({"name": " "}, "INVALID_REQUEST", "1 to 200"),
    ({"name": None}, "INVALID_REQUEST", "name:"),
    ({"name": 5}, "INVALID_REQUEST", "name:"),
    ({"name": "a\0b"}, "INVALID_REQUEST", "NUL"),
    ({"a\0b": "x"}, "INVALID_REQUEST", "NUL"),
    ({"nmae": "Sale"}, "INVALID_REQUEST", "nmae"),
    ({"channel": "fax"}, "INVALID_REQUEST", "sms, whatsapp"),
    ({"base_template": "Hi {first_nme}"}, "INVALID_TEMPLATE", "first_nme"),
    ({"base_template": "{{ 'a'*10**9 }}"}, "INVALID_TEMPLATE", "placeholder"),
    ({"base_template": "{% for a in range(9) %}{% endfor %}"}, "INVALID_TEMPLATE", "not allowed"),
    ({"base_template": "{{ ''.__class__.__mro__ }}"}, "INVALID_TEMPLATE", "placeholder"),
    ({"base_template": "x" * 2001}, "INVALID_TEMPLATE", "2000"),
    ({"scheduled_at": PAST}, "INVALID_REQUEST", "in the future"),
    ({"scheduled_at": "2035-06-01T09:00:00"}, "INVALID_REQUEST", "scheduled_at"),
    ({"scheduled_at": 2_000_000_000}, "INVALID_REQUEST", "scheduled_at"),
    ({"scheduled_at": "tomorrow"}, "INVALID_REQUEST", "scheduled_at"),
    ({"scheduled_at": "9999-12-31T23:59:59-12:00"}, "INVALID_REQUEST", "scheduled_at"),
    ({"scheduled_at": LATER, "expires_at": LATER}, "INVALID_REQUEST", "after scheduled_at"),
    ({"customer_ids": []}, "EMPTY_CUSTOMER_IDS", "at least one"),
    ({"customer_ids": [True]}, "INVALID_REQUEST", "customer_ids"),
    ({"customer_ids": ["1"]}, "INVALID_REQUEST", "customer_ids"),
    ({"customer_ids": [987_654]}, "CUSTOMER_NOT_FOUND", "987654"),
    ({"customer_ids": [2**64]}, "CUSTOMER_NOT_FOUND", str(2**64)),
    ({"list_id": 4}, "RESOURCE_NOT_FOUND", "list"),
    ({"list_id": 2**64}, "RESOURCE_NOT_FOUND", "list"),
    ({"list_id": 4, "everyone": True}, "INVALID_REQUEST", "one audience"),
]


WRONG_KINDS = [
    ({}, "job_type: is missing."),
    ({"job_type": "x", "colour": 1}, "colour: there is no such field."),
    ({"job_type": "x", "job_payload": [1]}, "job_payload: must be a JSON object."),
    ({"job_type": 1}, "job_type: must be a text."),
    ({"job_type": "x", "max_runs": "3"}, "max_runs: must be a whole number."),
    ({"job_type": "x", "scheduled_at": "2035-06-01T09:00:00"}, "scheduled_at: must have a time zone, like 2030-"),
]


@pytest.mark.parametrize(("given", "says"), WRONG_KINDS)
def test_a_field_of_the_wrong_kind_is_refused_in_words_of_json(call, given, says):
    refused(call("POST", "/api/schedules", json=given), "INVALID_REQUEST", says)


def test_an_id_that_is_no_uuid_is_refused_with_an_example(call):
    refused(call("GET", "/api/schedules/abc"), "INVALID_REQUEST", "schedule_id: must be an id as the API returns it")


@pytest.mark.parametrize(("given", "code", "says"), NEW_CAMPAIGNS)
def test_an_invalid_campaign_is_refused(call, given, code, says):
    before = stored_rows()
    refused(call("POST", "/api/campaigns", json={"name": "Sale", **given}), code, says)
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("data", "content_type", "code", "says"),
    [
        (b"", "application/json", "INVALID_REQUEST", "JSON object"),
        (b"not json", "application/json", "INVALID_REQUEST", "not JSON"),
        (b'{"name": ', "application/json", "INVALID_REQUEST", "not JSON"),
        (b'{"name": "\xff"}', "application/json", "INVALID_REQUEST", "UTF-8"),
        (b'["name"]', "application/json", "INVALID_REQUEST", "JSON object"),
        (b"null", "application/json", "INVALID_REQUEST", "JSON object"),
        (b'"{\\"name\\": \\"x\\"}"', "application/json", "INVALID_REQUEST", "JSON object"),
        (b'{"name": "\\ud800"}', "application/json", "INVALID_REQUEST", "surrogate"),
        (b'{"attributes": NaN}', "application/json", "INVALID_REQUEST", "NaN"),
        (b'{"attributes": 1e999}', "application/json", "INVALID_REQUEST", "too large"),
        (b'{"list_id": ' + b"9" * 5000 + b"}", "application/json", "INVALID_REQUEST", "digits"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "application/json", "INVALID_REQUEST", "deep"),
        (b"[" * 100_000, "application/json", "INVALID_REQUEST", "deeply"),
        (b"name=Sale", "application/x-www-form-urlencoded", "UNSUPPORTED_MEDIA_TYPE", "Content-Type"),
        (b'{"name": "Sale"}', None, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"),
        (b'{"name": "' + b"x" * 2**20 + b'"}', "application/json", "PAYLOAD_TOO_LARGE", "1 MiB"),
    ],
    ids=range(16),
)
def test_an_unreadable_body_is_refused(call, data, content_type, code, says):
    before = stored_rows()
    refused(call("POST", "/api/campaigns", data=data, content_type=content_type), code, says)
    assert stored_rows() == before


def test_an_id_that_no_row_can_have_is_refused(call):
    refused(call("GET", f"/api/campaigns/{2**63}"), "INVALID_ID", "too large for an id")


@pytest.mark.parametrize("campaign_id", ["abc", "1.0", "1_0", "0x1", "1%00", "%D9%A1", "+1", "9" * 500, "1e3"])
def test_an_id_that_is_not_a_number_is_refused(call, campaign_id):
    refused(call("GET", f"/api/campaigns/{campaign_id}"), "INVALID_ID", "whole number")
    refused(call("POST", f"/api/campaigns/{campaign_id}/enqueue"), "INVALID_ID")


def test_an_unknown_address_is_404_and_another_method_405(call):
    refused(call("GET", "/api/nothing"), "RESOURCE_NOT_FOUND")
    wrong = call("DELETE", "/api/campaigns")
    refused(wrong, "METHOD_NOT_ALLOWED")
    assert "POST" in wrong.headers["Allow"]


@pytest.mark.parametrize("query", ["page=x", "page_size=1.5", "status=gone", "channel=fax", "colour=red", "status=%00"])
def test_an_invalid_query_is_refused(call, query):
    refused(call("GET", f"/api/campaigns?{query}"), "INVALID_REQUEST", query.split("=")[0])


VERBS = ["enqueue", "pause", "resume", "cancel", "schedule"]


@pytest.mark.parametrize("verb", ["", *(f"/{verb}" for verb in VERBS)])
def test_another_accounts_campaign_looks_exactly_like_a_missing_one(call, verb):
    theirs = a_campaign(an_account(), recipients=1).id
    before = stored_rows()
    method, body = "POST" if verb else "GET", {"json": {"scheduled_at": LATER}} if verb == "/schedule" else {}
    answers = [call(method, f"/api/campaigns/{number}{verb}", **body) for number in (theirs, 987_654)]
    for answer in answers:
        refused(answer, "CAMPAIGN_NOT_FOUND")
    assert answers[0].json["error"] == answers[1].json["error"]
    assert stored_rows() == before


def test_another_accounts_customers_do_not_exist(call):
    theirs = customers(an_account(), 2)
    before = stored_rows()
    refused(call("POST", "/api/campaigns", json={"name": "x", "customer_ids": theirs}), "CUSTOMER_NOT_FOUND")
    assert call("GET", "/api/customers").json["data"] == []
    assert stored_rows() == before


@pytest.mark.parametrize(("verb", "status"), [("pause", "draft"), ("resume", "draft"), ("cancel", "cancelled")])
def test_an_action_in_a_wrong_state_is_refused(account, call, verb, status):
    campaign = a_campaign(account, recipients=1)
    arrange_state(campaign.id, status)
    before = stored_rows()
    refused(call("POST", f"/api/campaigns/{campaign.id}/{verb}"), "INVALID_STATUS", f"is {status}")
    assert stored_rows() == before


def test_scheduling_a_draft_in_the_past_is_refused(account, call):
    campaign = a_campaign(account, recipients=1)
    before = stored_rows()
    path = f"/api/campaigns/{campaign.id}/schedule"
    refused(call("POST", path, json={"scheduled_at": PAST}), "INVALID_REQUEST", "in the future")
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("arrange", "code"),
    [
        ({"everyone": True}, "NO_RECIPIENTS"),
        ({}, "NO_TARGET_AUDIENCE"),
        ({"recipients": 1, "template": " "}, "NO_MESSAGE_TEXT"),
    ],
)
def test_a_campaign_that_cannot_start_says_why(account, call, arrange, code):
    campaign = a_campaign(account, **arrange)
    before = stored_rows()
    refused(call("POST", f"/api/campaigns/{campaign.id}/enqueue"), code)
    assert stored_rows() == before


def test_an_audience_that_has_opted_out_entirely_is_refused(account, call):
    campaign = a_campaign(account, recipients=3)
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer")
    before = stored_rows()
    refused(call("POST", f"/api/campaigns/{campaign.id}/enqueue"), "NO_RECIPIENTS")
    assert stored_rows() == before


def test_a_start_without_credits_or_subscription_is_refused(db, as_account):
    poor, lapsed = an_account(credits=2), an_account(subscribed=False)
    for account, code in ((poor, "INSUFFICIENT_CREDITS"), (lapsed, "SUBSCRIPTION_REQUIRED")):
        call, campaign = as_account(account), a_campaign(account, recipients=3)
        before = stored_rows()
        refused(call("POST", f"/api/campaigns/{campaign.id}/enqueue"), code)
        assert stored_rows() == before


def test_a_second_start_is_refused(account, call):
    path = f"/api/campaigns/{a_campaign(account, recipients=1).id}/enqueue"
    assert call("POST", path).status_code == 202
    before = stored_rows()
    refused(call("POST", path), "ALREADY_SENDING")
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"phone": "call me"}, "letters"),
        ({"phone": "123"}, "phone number"),
        ({"phone": ""}, "empty"),
        ({"phone": None}, "phone"),
        ({"phone": "+30 691 234 5678", "first_name": "x" * 256}, "255"),
        ({"phone": "+30 691 234 5678", "zone": "Mars/Base"}, "time zone"),
        ({"phone": "+30 691 234 5678", "zone": "../etc/passwd"}, "time zone"),
        ({"phone": "+30 691 234 5678", "fone": "x"}, "fone"),
    ],
)
def test_an_invalid_customer_is_refused(call, given, says):
    before = stored_rows()
    refused(call("POST", "/api/customers", json=given), "INVALID_REQUEST", says)
    assert stored_rows() == before


def test_a_customer_with_a_known_phone_is_a_duplicate(call):
    body = {"phone": "+30 691 234 5678"}
    assert call("POST", "/api/customers", json=body).status_code == 201
    before = stored_rows()
    refused(call("POST", "/api/customers", json={"phone": "+306912345678"}), "DUPLICATE")
    assert stored_rows() == before


def test_input_is_never_repeated_in_a_refusal(call):
    answer = call("POST", "/api/customers", json={"phone": 306912345678})
    refused(answer, "INVALID_REQUEST")
    assert "306912345678" not in answer.get_data(as_text=True)
