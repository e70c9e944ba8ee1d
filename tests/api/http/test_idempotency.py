"""Idempotency-Key: a repeated request, simultaneous or after a crash, has one effect and one answer."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import psycopg
import pytest
from werkzeug.test import TestResponse

from api.http.idempotency import REPLAYED
from dispatch.accounts.credits import top_up
from dispatch.audit import audit
from dispatch.recovery import recover
from models.api_key import ApiKey
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_key, an_account, asking, customers
from tests.racing import race
from tests.servers import TestServers
from tests.waiting import wait_until
from tests.web import Web, running_web

ANNA = {"phone": "+306912345678", "first_name": "Anna"}


def under(key: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": key}}


def count(table: str, where: str = "true") -> int:
    found = row(f"SELECT count(*) AS n FROM {table} WHERE {where}")
    assert found
    return found["n"]


def test_the_second_answer_is_the_first(as_account):
    call = as_account(an_account())
    first = call("POST", "/api/customers", json=ANNA, **under("k1"))
    again = call("POST", "/api/customers", json=ANNA, **under("k1"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert count("customer") == count("audit_event", "action = 'customer.created'") == 1


def test_without_the_header_nothing_is_kept(as_account):
    call = as_account(an_account())
    assert [call("POST", "/api/customers", json=ANNA).status_code for _ in range(2)] == [201, 409]
    assert count("idempotency_key") == 0


def test_twenty_simultaneous_requests_have_one_effect_and_one_answer(as_account):
    call = as_account(an_account())
    answers = race(*[lambda: call("POST", "/api/campaigns", json={"name": "Sale"}, **under("k1"))] * 20)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", *["true"] * 19]
    assert count("campaign") == 1


def test_twenty_starts_under_one_key_make_one_start_and_get_one_answer(as_account):
    account = an_account()
    path = f"/api/campaigns/{a_campaign(account, recipients=5).id}/enqueue"
    call = as_account(account)
    answers = race(*[lambda: call("POST", path, **under("k1"))] * 20)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.data for answer in answers}) == 1
    assert count("credit_entry", "kind = 'hold'") == 1


def test_a_refusal_is_not_kept(as_account):
    account = an_account(credits=0)
    path = f"/api/campaigns/{a_campaign(account, recipients=5).id}/enqueue"
    call = as_account(account)
    assert call("POST", path, **under("k1")).status_code == 402
    assert count("idempotency_key") == 0
    top_up(asking(account.id), 100)
    started = call("POST", path, **under("k1"))
    assert (started.status_code, started.headers.get(REPLAYED)) == (202, None)


def test_a_refusal_halfway_through_changes_nothing(as_account):
    call = as_account(an_account())
    body = {"name": "Sale", "customer_ids": [987_654]}
    assert call("POST", "/api/campaigns", json=body, **under("k1")).status_code == 404
    assert count("campaign") == count("idempotency_key") == 0


@pytest.mark.parametrize("other", [{"json": ANNA | {"first_name": "Ann"}}, {"data": b"not json"}, {}])
def test_another_request_under_the_same_key_is_refused(as_account, other):
    call = as_account(an_account())
    call("POST", "/api/customers", json=ANNA, **under("k1"))
    refused = call("POST", "/api/customers", **other, **under("k1"))
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert count("customer") == 1


@pytest.mark.parametrize(
    "again",
    [
        json.dumps(dict(reversed(ANNA.items()))),
        json.dumps(ANNA, indent=4),
        json.dumps(ANNA, separators=(",", ":")),
        json.dumps(ANNA).replace("Anna", "\\u0041nna"),
    ],
)
def test_the_same_json_written_differently_is_the_same_request(as_account, again):
    call = as_account(an_account())
    call("POST", "/api/customers", json=ANNA, **under("k1"))
    repeated = call("POST", "/api/customers", data=again, content_type="application/json", **under("k1"))
    assert (repeated.status_code, repeated.headers.get(REPLAYED)) == (201, "true")
    assert count("customer") == 1


def test_keys_in_another_order_are_the_same_request_also_inside_of_it(as_account):
    call = as_account(an_account())
    condition = {"field": "location", "operator": "eq", "value": "Athens"}
    filters = [
        {"logic": "and", "conditions": [condition]},
        {"conditions": [dict(reversed(condition.items()))], "logic": "and"},
    ]
    answers = [
        call("POST", "/api/segments", json={"name": "Athens", "filter": each}, **under("k1")) for each in filters
    ]
    assert [answer.headers.get(REPLAYED) for answer in answers] == [None, "true"]


def test_a_list_in_another_order_is_another_request(as_account):
    account = an_account()
    people = customers(account, 2)
    call = as_account(account)
    answers = [
        call("POST", "/api/campaigns", json={"name": "Sale", "customer_ids": ids}, **under("k1"))
        for ids in (people, people[::-1])
    ]
    assert [answer.status_code for answer in answers] == [201, 422]


@pytest.mark.parametrize("first", [{}, {"json": {}}, {"content_type": "application/json"}, {"data": b""}])
@pytest.mark.parametrize("again", [{}, {"json": {}}, {"data": b" {\n} ", "content_type": "application/json"}])
def test_no_body_and_an_empty_object_are_the_same_request(as_account, first, again):
    account = an_account()
    path = f"/api/campaigns/{a_campaign(account, recipients=3).id}/enqueue"
    call = as_account(account)
    started, repeated = (call("POST", path, **body, **under("k1")) for body in (first, again))
    assert (started.status_code, repeated.status_code, repeated.data) == (202, 202, started.data)
    assert repeated.headers.get(REPLAYED) == "true"
    assert count("credit_entry", "kind = 'hold'") == 1


def test_the_query_is_part_of_the_request(as_account):
    ours, theirs = an_account(), an_account()
    call = as_account(None)
    topped_up = [
        call("POST", f"/api/credits/topup?organization_id={account.id}", json={"amount": 5}, **under("k1"))
        for account in (ours, theirs)
    ]
    assert [answer.status_code for answer in topped_up] == [200, 422]


def test_parameters_in_another_order_are_the_same_request(as_account):
    call = as_account(an_account())
    options = {"data": b"phone\n+306912345678\n", "content_type": "text/csv"}
    first = call("POST", "/api/imports?list=spring&country=GR", **options, **under("k1"))
    again = call("POST", "/api/imports?country=GR&list=spring", **options, **under("k1"))
    assert (first.status_code, again.status_code, again.headers.get(REPLAYED)) == (202, 202, "true")


def test_a_key_belongs_to_its_account_and_its_address(as_account):
    ours, theirs = as_account(an_account()), as_account(an_account())
    for call in (ours, theirs):
        for path, body in (("/api/customers", ANNA), ("/api/campaigns", {"name": "Sale"})):
            assert call("POST", path, json=body, **under("k1")).headers.get(REPLAYED) is None
    assert (count("customer"), count("campaign")) == (2, 2)


def test_any_key_of_the_account_with_the_scope_may_repeat_a_request(as_account):
    account = an_account()
    as_account(account)("POST", "/api/customers", json=ANNA, **under("k1"))
    again = as_account(account, scopes=("write",))("POST", "/api/customers", json=ANNA, **under("k1"))
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true")
    assert as_account(account, scopes=("read",))("POST", "/api/customers", json=ANNA, **under("k1")).status_code == 403


def test_with_and_without_the_prefix_it_is_the_same_request(as_account):
    call = as_account(an_account())
    call("POST", "/api/customers", json=ANNA, **under("k1"))
    assert call("POST", "/customers", json=ANNA, **under("k1")).headers.get(REPLAYED) == "true"


def test_after_24_hours_a_key_is_new_again_and_recovery_deletes_it(as_account):
    call = as_account(an_account())
    for _ in range(2):
        made = call("POST", "/api/campaigns", json={"name": "Sale"}, **under("k1"))
        assert (made.status_code, made.headers.get(REPLAYED)) == (201, None)
        rows("UPDATE idempotency_key SET created_at = now() - interval '25 hours'")
    assert count("campaign") == 2
    recover()
    assert count("idempotency_key") == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "κλειδί".encode().decode("latin-1"), "a\tb"])
def test_an_invalid_key_is_refused(as_account, key):
    refused = as_account(an_account())("POST", "/api/customers", json=ANNA, **under(key))
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert count("customer") == 0


@pytest.mark.parametrize(
    "path", ["/api/campaigns/1%00/pause", f"/api/campaigns/{'9' * 3000}/pause", "/api/campaigns/Ω/pause"]
)
def test_an_address_that_cannot_be_stored_is_refused_as_without_a_key(as_account, path):
    refused = as_account(an_account())("POST", path, **under("k1"))
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_ID")


def test_a_secret_is_not_kept_and_the_key_is_made_once(as_account):
    call = as_account(an_account())
    body = {"name": "reader", "scopes": ["read"]}
    first = call("POST", "/api/keys", json=body, **under("k1")).json
    again = call("POST", "/api/keys", json=body, **under("k1")).json
    assert ApiKey.holder(first["key"]).key_id
    assert again == first | {"key": None}
    assert first["key"] not in json.dumps(rows("SELECT answer FROM idempotency_key"))


def test_a_file_sent_again_is_the_same_request_although_its_form_is_encoded_differently(as_account):
    call = as_account(an_account())

    def sent(content: bytes) -> TestResponse:
        form = {"list": "spring", "file": (BytesIO(content), "spring.csv")}
        return call("POST", "/api/imports", data=form, **under("k1"))

    first, again = sent(b"phone\n+306912345678\n"), sent(b"phone\n+306912345678\n")
    assert (first.status_code, again.data, again.headers.get(REPLAYED)) == (202, first.data, "true")
    assert sent(b"phone\n+306912345679\n").status_code == 422
    assert count("customer_import") == 1


def test_a_body_that_is_not_json_reaches_its_route_complete(as_account):
    call = as_account(an_account())
    options = {"data": b"phone\n+306912345678\n", "content_type": "text/csv"}
    made = call("POST", "/api/imports?list=spring", **options, **under("k1"))
    assert (made.status_code, made.json["size"]) == (202, len(options["data"]))


def test_jobs_are_pushed_only_after_the_answer_is_committed(as_account, redis):
    account = an_account()
    call = as_account(account)
    path = f"/api/campaigns/{a_campaign(account, recipients=3).id}"
    assert call("POST", f"{path}/enqueue").status_code == 202
    assert call("POST", f"{path}/pause").status_code == 200
    redis.flushdb()
    with answers_are_refused():
        assert call("POST", f"{path}/resume", **under("k1")).status_code == 500
    assert (call("GET", path).json["status"], redis.llen("rq:queue:send")) == ("paused", 0)
    assert call("POST", f"{path}/resume", **under("k1")).json["status"] == "sending"
    assert redis.llen("rq:queue:send") == 1


@pytest.mark.processes
def test_a_start_whose_answer_was_lost_in_a_crash_gets_its_202(as_account, servers, tmp_path):
    account = an_account()
    path = f"/api/campaigns/{a_campaign(account, recipients=3).id}/enqueue"
    with answers_cannot_be_kept(servers) as release, running_web(tmp_path) as web:
        # The campaign is started, and the process is killed before it answers.
        asking_web = (web, path, a_key(account), "k1")
        asked = threading.Thread(target=ask_and_ignore_a_missing_answer, args=asking_web, daemon=True)
        asked.start()
        backend = wait_until(lambda: waiting_to_keep(), "the answer is to be kept")
        web.process.end()
        rows("SELECT pg_terminate_backend(%s)", [backend])
        release()
    assert count("idempotency_key") == 0
    call = as_account(account)
    again = [call("POST", path, **under("k1")) for _ in range(2)]
    assert [answer.status_code for answer in again] == [202, 202]
    assert again[0].json["status"] == "sending"
    assert again[0].json["queued"] == 3
    assert {answer.headers.get(REPLAYED) for answer in again} == {"true"}
    assert call("POST", path, **under("k2")).json["error"]["code"] == "ALREADY_SENDING"
    assert call("POST", path, json={"x": 1}, **under("k1")).json["error"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert count("credit_entry", "kind = 'hold'") == 1
    assert audit(ALL_ACCOUNTS) == []


def test_a_campaign_that_was_put_back_can_be_started_again_under_the_same_key(as_account):
    account = an_account(credits=5)
    # Two segments each: the credits suffice for the first check, but not for the price.
    campaign = a_campaign(account, customer_ids=customers(account, 5), template="x" * 200)
    path = f"/api/campaigns/{campaign.id}/enqueue"
    call = as_account(account)
    assert call("POST", path, **under("k1")).status_code == 402
    top_up(asking(account.id), 5)
    started = call("POST", path, **under("k1"))
    assert (started.status_code, started.headers.get(REPLAYED)) == (202, None)


def ask_and_ignore_a_missing_answer(web: Web, path: str, key: str, idempotency_key: str) -> None:
    try:
        web.ask("POST", path, key=key, headers={"Idempotency-Key": idempotency_key})
    except OSError:
        pass


@contextmanager
def answers_are_refused() -> Iterator[None]:
    """The table accepts a key but no answer."""
    rows("ALTER TABLE idempotency_key ADD CONSTRAINT without_answer CHECK (answer IS NULL)")
    try:
        yield
    finally:
        rows("ALTER TABLE idempotency_key DROP CONSTRAINT without_answer")


@contextmanager
def answers_cannot_be_kept(servers: TestServers) -> Iterator[Callable[[], None]]:
    """Every write to the table of answers waits until the yielded function is called."""
    with psycopg.connect(servers.database_url) as other:
        other.execute("LOCK TABLE idempotency_key IN SHARE MODE")
        yield other.rollback


def waiting_to_keep() -> int | None:
    waiting = row(
        """SELECT pid FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO idempotency_key%'"""
    )
    return waiting["pid"] if waiting else None
