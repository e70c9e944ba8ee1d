"""Text that comes in is stored in composed characters (NFC), at whatever door, and compared so."""

import json
from unicodedata import normalize

import pytest

from models.database import row, rows
from tests.factories import an_account

NAME = "Άννα Müller"
APART = normalize("NFD", NAME)


@pytest.fixture
def account(db):
    return an_account(country="GR")


def stored(table, column):
    return row(f"SELECT {column} AS value FROM {table} ORDER BY 1 DESC LIMIT 1")["value"]


@pytest.mark.parametrize(
    ("path", "body", "table", "column"),
    [
        ("templates", {"name": APART, "body": f"Hi {APART}"}, "template", "name || body"),
        ("campaigns", {"name": APART, "base_template": f"Hi {APART}"}, "campaign", "name || template"),
        ("lists", {"name": APART}, "customer_list", "name"),
        ("suppressions", {"phone": "+306912345678", "reason": APART}, "suppression", "reason"),
        ("suppressions/import", {"phones": ["+306912345678"], "reason": APART}, "suppression", "reason"),
        (
            "customers",
            {"phone": "+306912345678", "first_name": APART, "attributes": {APART: [APART, {APART: APART}]}},
            "customer",
            "first_name || attributes::text",
        ),
        (
            "segments",
            {
                "name": APART,
                "filter": {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": APART}]},
            },
            "segment",
            "name || filter::text",
        ),
    ],
)
def test_what_comes_in_decomposed_is_stored_composed(call, path, body, table, column):
    answer = call("POST", f"/api/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    value = stored(table, column)
    assert APART not in value
    assert NAME in value


def test_escaped_characters_are_composed_too(call):
    body = json.dumps({"name": "plain", "body": f"Hi {APART}"})  # in ASCII
    call("POST", "/api/templates", data=body, content_type="application/json")
    assert stored("template", "body") == f"Hi {NAME}"


def test_a_text_that_is_decomposed_is_measured_and_shown_composed(call):
    checked = call("POST", "/api/templates/validate", json={"body": normalize("NFD", "Hi Müller, STOP to end")}).json
    assert (checked["encoding"], checked["sample"]) == ("gsm7", "Hi Müller, STOP to end")


def test_attributes_whose_names_become_the_same_are_refused(call):
    body = {"phone": "+306912345678", "attributes": {"Größe": 1, normalize("NFD", "Größe"): 2}}
    answer = call("POST", "/api/customers", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert rows("SELECT id FROM customer") == []


# Composing it takes minutes where the time grows with the square of its length.
PILED = "a" + "\u0315\u0300" * 200_000


@pytest.mark.parametrize("body", [{"name": PILED}, {PILED: 1}, {"name": "Sale", "filter": [[PILED]]}])
def test_a_text_of_accents_without_end_is_refused_at_once(as_account, db, body):
    call = as_account(an_account())
    for method, path in (("POST", "/api/lists"), ("POST", "/api/campaigns"), ("POST", "/api/segments/preview")):
        assert call(method, path, json=body).status_code == 400


def test_so_is_a_search_for_it_and_a_line_of_a_file(as_account, db):
    call = as_account(an_account())
    assert call("GET", "/api/customers", query_string={"q": PILED[:150]}).status_code == 200
    file = f"phone,first_name,consent\n+306910000001,{PILED[:3000]},{PILED[:3000]}\n"
    assert call("POST", "/api/imports?list=Piled&dry_run=true", data=file, content_type="text/csv").status_code == 202


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-32-be", "latin-1"])
def test_json_is_utf_8_and_nothing_else(as_account, db, encoding):
    call = as_account(an_account())
    body = '{"name": "Ñandú"}'.encode(encoding)
    refused = call("POST", "/api/lists", data=body, content_type="application/json")
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST")
    marked = b"\xef\xbb\xbf" + '{"name": "Ñandú"}'.encode()
    assert call("POST", "/api/lists", data=marked, content_type="application/json").status_code == 201
