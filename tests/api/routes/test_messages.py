"""Messages over HTTP: pages, causes of failure, history and the CSV file."""

import csv
import re
from io import StringIO

import pytest

from dispatch.formats.csv_out import plain_cell
from dispatch.providers import Answer
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from models.messages import reading as message_reading
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver

FIRST = 306_900_000_000
HEADER = (
    "message,customer_id,phone,state,reason,error_code,attempts,segments,encoding,text,provider,provider_id,sent_at,"
    "clicked_at,variant"
)


def sent(account, recipients, answers=None, **options):
    """Sends a campaign to `recipients` people through a provider that answers the nth as told; returns the campaign."""
    campaign = a_campaign(account, recipients=recipients, **options)
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c"), campaign.id)
    script = {f"+{FIRST + n}": told for n, told in (answers or {}).items()}
    deliver(ScriptedProvider(script), campaign.id)
    return campaign.id


@pytest.fixture
def account(db, redis, configure):
    configure(BATCH_SIZE=10, RETRY_BASE_SEC=0.01)
    return an_account(credits=10_000)


@pytest.fixture
def mixed(account):
    """55 messages in six batches: 7 and 31 failed, 12 unknown, the others sent."""
    rejected = [Answer("rejected", error_code="21211")]
    return sent(account, 55, {7: rejected, 31: rejected, 12: [Answer("unknown", error_code="timeout")]})


def _numbers(answer):
    return [int(message["id"].split("-")[1]) for message in answer.json["data"]]


@pytest.mark.parametrize(
    ("query", "numbers", "total"),
    [
        ("", list(range(20)), 55),
        ("?page=3", list(range(40, 55)), 55),
        ("?page=4", [], 55),
        ("?page=328&page_size=100", [], 55),
        ("?page_size=7&page=2", list(range(7, 14)), 55),
        ("?state=failed", [7, 31], 2),
        ("?state=failed,unknown", [7, 12, 31], 3),
        ("?state=failed&state=unknown&page_size=2&page=2", [31], 3),
        ("?state=sent&page_size=10&page=2", [11, 13, 14, 15, 16, 17, 18, 19, 20, 21], 52),
        ("?state=pending", [], 0),
        (f"?phone=%2B{FIRST + 31}", [31], 1),
        (f"?phone=%2B{FIRST + 31}&state=sent", [], 0),
    ],
)
def test_a_page_of_messages_in_any_states(call, mixed, query, numbers, total):
    answer = call("GET", f"/api/campaigns/{mixed}/messages{query}")
    assert answer.status_code == 200
    assert _numbers(answer) == numbers
    assert answer.json["pagination"]["total_count"] == total


@pytest.mark.parametrize("page_size", [1, 3, 10, 11, 100])
def test_the_pages_of_a_state_contain_all_its_messages_in_order(call, mixed, page_size):
    found, page = [], 1
    while numbers := _numbers(
        call("GET", f"/api/campaigns/{mixed}/messages?state=sent&page_size={page_size}&page={page}")
    ):
        found += numbers
        page += 1
    assert found == [n for n in range(55) if n not in (7, 12, 31)]


@pytest.mark.parametrize("query", ["?state=lost", "?phone=abc", "?page=x"])
def test_an_invalid_query_is_refused_by_the_list(call, mixed, query):
    answer = call("GET", f"/api/campaigns/{mixed}/messages{query}")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")


def test_troubles_are_grouped_with_their_counts(call, mixed):
    assert call("GET", f"/api/campaigns/{mixed}/errors").json["data"] == [
        {"state": "failed", "reason": "rejected", "error_code": "21211", "messages": 2},
        {"state": "unknown", "reason": "no_answer", "error_code": "timeout", "messages": 1},
    ]


def test_a_message_is_listed_and_read_with_the_same_fields_in_the_same_order(call, account):
    campaign = sent(account, 1, {0: [Answer("rejected", error_code="21211")]}, template="Hi!")
    [listed] = call("GET", f"/api/campaigns/{campaign}/messages").json["data"]
    assert list(listed.items()) == [
        ("id", f"{campaign}-0"),
        ("campaign_id", campaign),
        ("customer_id", listed["customer_id"]),
        ("phone", f"+{FIRST}"),
        ("state", "failed"),
        ("reason", "rejected"),
        ("error_code", "21211"),
        ("attempts", 1),
        ("deferrals", 0),
        ("segments", 1),
        ("encoding", "gsm7"),
        ("provider", "scripted"),
        ("provider_id", None),
        ("not_before", None),
        ("sent_at", None),
        ("text", "Hi!"),
    ]
    message = call("GET", f"/api/messages/{campaign}-0").json
    assert list(message.items()) == [*listed.items(), ("history", message["history"])]
    [enqueued, *later] = message["history"]
    assert enqueued.keys() == {"event", "at"}
    assert later == [
        {"event": "attempted", "at": None, "times": 1},
        {"event": "failed", "at": None, "reason": "rejected"},
    ]


def test_a_cancelled_message_has_no_reason_in_its_history(call, account):
    campaign = a_campaign(account, recipients=1).id
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c"), campaign)
    call("POST", f"/api/campaigns/{campaign}/cancel")
    recover()
    message = call("GET", f"/api/messages/{campaign}-0").json
    assert message["history"][1:] == [{"event": "cancelled", "at": None, "reason": None}]


def test_a_message_has_its_text_and_its_history(call, account):
    campaign = sent(account, 1, {0: [Answer("deferred"), Answer("retryable", error_code="busy")]}, template="Hi!")
    message = call("GET", f"/api/messages/{campaign}-0").json
    assert (message["text"], message["state"], message["attempts"]) == ("Hi!", "sent", 2)
    assert [(event["event"], event.get("times")) for event in message["history"]] == [
        ("enqueued", None),
        ("deferred", 1),
        ("attempted", 2),
        ("sent", None),
    ]


@pytest.mark.parametrize("reference", ["0-0", "1-99", "999-0", "x", "1", "1-1-1", "9" * 30 + "-1"])
def test_a_reference_to_no_message_is_not_found(call, account, reference):
    sent(account, 1)
    assert call("GET", f"/api/messages/{reference}").status_code == 404


def test_another_accounts_messages_do_not_exist(as_account, mixed):
    stranger = as_account(an_account())
    for path in ("messages", "errors", "messages.csv", "events"):
        answer = stranger("GET", f"/api/campaigns/{mixed}/{path}")
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "CAMPAIGN_NOT_FOUND")
    assert stranger("GET", f"/api/messages/{mixed}-0").status_code == 404


def test_the_file_contains_every_message_and_no_formula(call, account, monkeypatch):
    monkeypatch.setattr(message_reading, "EXPORT_PAGE", 4)
    campaign = sent(account, 11, template='=cmd|"/C calc"!A0 {first_name}')
    answer = call("GET", f"/api/campaigns/{campaign}/messages.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, *lines = csv.reader(StringIO(answer.text.removeprefix("\ufeff")))
    assert ",".join(header) == HEADER
    assert [line[0] for line in lines] == [f"{campaign}-{n}" for n in range(11)]
    cells = [cell for line in lines for cell in line if not re.fullmatch(r"\+[0-9]+", cell)]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    first = dict(zip(header, map(plain_cell, lines[0]), strict=True))
    assert (first["phone"], first["state"]) == (f"+{FIRST}", "sent")
    assert first["text"] == '=cmd|"/C calc"!A0 First0'


def test_the_story_of_a_message_is_told_to_its_account_only(mixed, account, call, as_account):
    told = call("GET", f"/api/messages/{mixed}-7/trace")
    assert told.status_code == 200
    assert (told.json["id"], told.json["state"], told.json["request_id"]) == (f"{mixed}-7", "failed", "c")
    assert [step["event"] for step in told.json["steps"]][-1] == "message.failed"
    assert "rejected, 21211" in told.json["steps"][-1]["text"]
    assert as_account(an_account())("GET", f"/api/messages/{mixed}-7/trace").status_code == 404
    assert as_account(account, scopes=("send",))("GET", f"/api/messages/{mixed}-7/trace").status_code == 403


def test_a_retry_may_name_a_cause_and_nothing_else(account, call):
    campaign = sent(account, 2, {0: [Answer("rejected", error_code="no_such_number")]})
    path = f"/api/campaigns/{campaign}/retry-failed"
    misspelt = call("POST", path, json={"reasn": "rejected"})
    assert (misspelt.status_code, misspelt.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert call("POST", path, json={"reason": "not_delivered"}).json["error"]["code"] == "NO_RECIPIENTS"
    started = call("POST", path, json={"reason": "rejected", "error_code": "no_such_number"})
    assert (started.status_code, started.json["queued"]) == (202, 1)
