"""A request with an id of another account is answered as if that id did not exist, and changes nothing.

Generated from every operation of the served document; a new kind of id needs a line in `tenants.py`.
"""

from typing import Any

import pytest
from pydantic import SecretStr

from api.app import web_app
from config.settings import Settings
from dispatch.accounts.accounts import AccountView
from tests.api.conftest import Call, document_of
from tests.api.tenants import MAKE, NEVER, is_id, properties, right_body
from tests.factories import a_campaign, an_account
from tests.stored import stored_rows

DOCUMENT = document_of(web_app(Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"))))

Operation = tuple[str, str]


def operations() -> list[Operation]:
    """Every operation: its method and its path."""
    return [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]


def described(method: str, path: str) -> dict[str, Any]:
    """Returns what the document says about an operation."""
    return DOCUMENT["paths"][path][method.lower()]


def in_address(place: str) -> list[Any]:
    """Every operation with each parameter of its path or query that is an id."""
    return [
        pytest.param(method, path, parameter["name"], id=f"{method} {path} {parameter['name']}")
        for method, path in operations()
        for parameter in described(method, path).get("parameters", ())
        if parameter["in"] == place and (place == "path" or is_id(parameter["name"]))
    ]


def in_body() -> list[Any]:
    """Every operation with each field of its body that is an id."""
    return [
        pytest.param(method, path, name, id=f"{method} {path} {name}")
        for method, path in operations()
        for name in properties(described(method, path), DOCUMENT)
        if is_id(name)
    ]


@pytest.fixture
def ours(db):
    return an_account(name="ours")


@pytest.fixture
def theirs(db):
    return an_account(name="theirs")


def ask(call: Call, method: str, path: str, ids: dict[str, Any], body: dict[str, Any] | None, query: str = "") -> Any:
    """Calls the operation with these ids in its path and returns the answer."""
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    options = {} if body is None else {"json": body}
    return call(method, f"{path}{query}", **options)


def body_of(method: str, path: str, account: AccountView) -> dict[str, Any] | None:
    return right_body(described(method, path), DOCUMENT, account)


def without_ids(answer: Any, *ids: Any) -> tuple[int, str]:
    """Returns the answer without the requested ids."""
    text = str(answer.json and (answer.json.get("error") or answer.json))
    for each in ids:
        for one in each if isinstance(each, list) else [each]:
            text = text.replace(str(one), "…")
    return answer.status_code, text


@pytest.mark.parametrize(("method", "path", "name"), in_address("path"))
def test_an_id_in_the_path(as_account, ours, theirs, method, path, name):
    call, body, their_id = as_account(ours), body_of(method, path, ours), MAKE[name](theirs)
    before = stored_rows()
    answers = [ask(call, method, path, {name: each}, body) for each in (their_id, NEVER[name])]
    assert [answer.status_code for answer in answers] == [404, 404], answers[0].text
    assert without_ids(answers[0], their_id) == without_ids(answers[1], NEVER[name])
    assert stored_rows() == before


@pytest.mark.parametrize(("method", "path", "name"), in_address("path"))
def test_an_operator_need_not_say_whose_it_is(as_account, theirs, method, path, name):
    with ask(as_account(None), method, path, {name: MAKE[name](theirs)}, body_of(method, path, theirs)) as answer:
        assert answer.status_code not in (403, 404)
        assert answer.status_code != 400 or "organization_id" not in answer.text


@pytest.mark.parametrize(("method", "path", "name"), in_body())
def test_an_id_in_the_body(as_account, ours, theirs, method, path, name):
    call, body, their_id = as_account(ours), body_of(method, path, ours) or {}, MAKE[name](theirs)
    mine = {field: MAKE[field](ours) for field in MAKE if f"{{{field}}}" in path}
    if "campaign_id" in mine and name == "customer_ids":  # added only where no list is the audience
        mine["campaign_id"] = a_campaign(ours).id
    before = stored_rows()
    answers = [ask(call, method, path, mine, body | {name: each}) for each in (their_id, NEVER[name])]
    assert answers[0].status_code in (200, 404), answers[0].text
    assert without_ids(answers[0], their_id) == without_ids(answers[1], NEVER[name])
    assert stored_rows() == before


@pytest.mark.parametrize(("method", "path", "name"), in_address("query"))
def test_an_id_in_the_query(as_account, ours, theirs, method, path, name):
    call, body, their_id = as_account(ours), body_of(method, path, ours), MAKE[name](theirs)
    mine = {field: MAKE[field](ours) for field in MAKE if f"{{{field}}}" in path}
    before = stored_rows()
    refused = ask(call, method, path, mine, body, f"?{name}={their_id}")
    assert refused.status_code == 404, refused.text
    assert stored_rows() == before


@pytest.mark.parametrize(("method", "path"), operations())
def test_another_organization_is_not_found_on_any_route_that_takes_one(as_account, ours, theirs, method, path):
    call, body = as_account(ours), body_of(method, path, ours)
    mine = {field: MAKE[field](ours) for field in MAKE if f"{{{field}}}" in path}
    before = stored_rows()
    assert ask(call, method, path, mine, body, f"?organization_id={theirs.id}").status_code == 404
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("method", "path"), [operation for operation in operations() if operation[0] == "GET" and "{" not in operation[1]]
)
def test_a_list_shows_nothing_of_other_accounts(as_account, ours, theirs, method, path):
    as_account(theirs)
    for make in MAKE.values():
        make(theirs)
    shown = as_account(ours)(method, path)
    assert shown.status_code in (200, 403)
    assert str(theirs.id) not in shown.text
    assert "theirs" not in shown.text


def test_the_tests_can_create_a_row_for_every_kind_of_id_in_the_api():
    named = {parameter.values[2] for parameters in (in_address("path"), in_body()) for parameter in parameters}
    assert named <= set(MAKE)
    assert len(named) >= 9
