"""Addresses with tricks in them: none leads elsewhere, and none is half understood."""

import pytest

from models.database import rows
from tests.factories import a_campaign, a_key, an_account, customers
from tests.routes import every_route


@pytest.fixture
def client(app, db, redis):
    return app.test_client()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Host": "evil.example"}


@pytest.mark.parametrize(
    "path", ["//", "//api/campaigns", "/api//campaigns", "/api/campaigns//", "//evil.example/api", "/docs//", "/rq//"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_address_redirects_to_the_name_that_a_stranger_sends(web, db, key, path, method):
    answer = web.ask(method, path, key=key, headers={"Host": "evil.example"})
    assert answer.headers.get("location", "/docs") == "/docs"
    assert answer.status < 500


def test_no_route_redirects_to_the_name_that_a_stranger_sends(app, client):
    for method, path, _ in every_route(app):
        for address in (path, f"{path}/", f"/{path}", path.replace("/", "//")):
            answer = client.open(address, method=method, headers={"Host": "evil.example"})
            assert "evil" not in answer.headers.get("Location", ""), f"{method} {address}"
            answer.close()


@pytest.mark.parametrize(
    "query",
    ["channel=&channel=zzz", "channel=sms&channel=sms", "page=1&page=2", "q=a&q=", "q&q", "nothing=1&nothing=2",
     "organization_id=&organization_id="],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/campaigns", "/api/customers", "/campaigns"])
def test_a_parameter_that_is_given_twice_is_refused_by_name(client, key, path, query):
    answer = client.get(f"{path}?{query}", headers=bearer(key))
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert query.partition("=")[0].partition("&")[0] in answer.json["error"]["message"]


def test_a_list_may_be_given_in_several_parameters(client, account, key):
    campaign = a_campaign(account, recipients=1)
    path = f"/api/campaigns/{campaign.id}/messages?state=sent&state=failed"
    assert client.get(path, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_empty_account_is_not_all_accounts(client, account, method):
    customers(account, 1), customers(an_account(), 1)
    answer = client.open("/api/customers?organization_id=", method=method, headers=bearer(a_key(None)))
    assert (answer.status_code, answer.json["error"]["details"]["field"]) == (400, "organization_id")


def test_a_form_with_too_many_parts_is_told_so(client, key):
    form = {f"field{n}": "x" for n in range(1001)} | {"list": "l"}
    headers = bearer(key)
    answer = client.post("/api/imports", headers=headers, data=form, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "too many fields" in answer.json["error"]["message"]


def test_a_key_that_only_reads_writes_no_row_under_an_idempotency_key(client, db, account):
    headers = bearer(a_key(account, scopes=["read"])) | {"Idempotency-Key": "k"}
    for _ in range(2):
        answer = client.post("/api/templates/validate", headers=headers, json={"body": "Hello"})
        assert answer.status_code == 200
    assert rows("SELECT count(*) AS n FROM idempotency_key")[0]["n"] == 0
