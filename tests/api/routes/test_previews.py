"""Previews over HTTP: one customer's text, the first messages and their price, the audience."""

import pytest

from api.http.errors import STATUS
from models.database import row, rows
from tests.factories import a_campaign, a_list, a_segment, an_account, customers


@pytest.fixture
def account(db):
    return an_account(country="KE")


@pytest.fixture
def alice(account):
    made = rows(
        """INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product)
           VALUES (%s, '+254712345678', 'Alice', 'Johnson', 'Nairobi', 'Premium Package') RETURNING id""",
        [account.id],
    )
    return made[0]["id"]


SHOWN = {
    "first_name": "Alice",
    "last_name": "Johnson",
    "phone": "+254712345678",
    "location": "Nairobi",
    "prefered_product": "Premium Package",
}


def refused(answer, code):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("override", [{}, {"override_template": None}, {"override_template": ""}])
def test_a_personalized_preview_uses_the_campaigns_template(account, call, alice, prefix, override):
    campaign = a_campaign(account, template="Hello {first_name}!").id
    answer = call(
        "POST", f"{prefix}/campaigns/{campaign}/personalized-preview", json={"customer_id": alice, **override}
    )
    assert answer.status_code == 200
    assert answer.json == {
        "rendered_message": "Hello Alice!",
        "used_template": "Hello {first_name}!",
        "customer": {"id": alice, **SHOWN},
    }
    assert list(answer.json["customer"]) == ["id", "first_name", "last_name", "phone", "location", "prefered_product"]


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_personalized_preview_can_try_another_template(account, call, alice, prefix):
    campaign = a_campaign(account, template="Hello {first_name}!").id
    other = "Hi {first_name}, special offer just for you in {location}!"
    answer = call(
        "POST",
        f"{prefix}/campaigns/{campaign}/personalized-preview",
        json={"customer_id": alice, "override_template": other},
    ).json
    assert answer["rendered_message"] == "Hi Alice, special offer just for you in Nairobi!"
    assert answer["used_template"] == other
    assert row("SELECT template FROM campaign") == {"template": "Hello {first_name}!"}


def test_unknown_fields_of_the_customer_are_left_out(account, call, alice):
    rows("UPDATE customer SET location = NULL, prefered_product = NULL")
    campaign = a_campaign(account, template="<{location}>").id
    answer = call("POST", f"/campaigns/{campaign}/personalized-preview", json={"customer_id": alice}).json
    assert answer["rendered_message"] == "<>"
    assert answer["customer"].keys() == {"id", "first_name", "last_name", "phone"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MISSING_CUSTOMER_ID"),
        ({"customer_id": None}, "MISSING_CUSTOMER_ID"),
        ({"customer_id": 0}, "MISSING_CUSTOMER_ID"),
        ({"override_template": "Hi"}, "MISSING_CUSTOMER_ID"),
        ({"customer_id": "1"}, "INVALID_REQUEST"),
        ({"customer_id": 1.5}, "INVALID_REQUEST"),
        ({"customer_id": 987}, "CUSTOMER_NOT_FOUND"),
        ({"customer_id": -1}, "CUSTOMER_NOT_FOUND"),
        ({"customer_id": 2**64}, "CUSTOMER_NOT_FOUND"),
        ({"customer_id": 1, "override_template": "{frist_name}"}, "INVALID_TEMPLATE"),
        ({"customer_id": 1, "override_template": "x" * 2001}, "INVALID_TEMPLATE"),
        ({"customer_id": 1, "template": "Hi"}, "INVALID_REQUEST"),
    ],
)
def test_an_invalid_personalized_preview_is_refused(account, call, alice, body, code):
    campaign = a_campaign(account).id
    refused(call("POST", f"/api/campaigns/{campaign}/personalized-preview", json=body), code)


def test_another_accounts_customer_is_not_shown_not_even_to_an_operator(account, call, as_account):
    theirs = customers(an_account(), 1)[0]
    campaign = a_campaign(account).id
    for ask in (call, as_account(None)):
        answer = ask("POST", f"/api/campaigns/{campaign}/personalized-preview", json={"customer_id": theirs})
        refused(answer, "CUSTOMER_NOT_FOUND")


def test_a_read_only_key_may_preview(account, as_account, alice):
    campaign = a_campaign(account).id
    reader = as_account(account, scopes=["read"])
    answer = reader("POST", f"/api/campaigns/{campaign}/personalized-preview", json={"customer_id": alice})
    assert answer.status_code == 200


def test_the_first_messages_are_shown_as_they_would_be_sent_and_priced(account, call):
    people = customers(account, 3)
    rows("UPDATE customer SET first_name = 'Ж' WHERE id = %s", [people[1]])
    rows(
        "INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = %s", [people[2]]
    )
    campaign = a_campaign(account, customer_ids=people, template="Hi {first_name} " + "x" * 80).id
    answer = call("GET", f"/api/campaigns/{campaign}/preview")
    assert answer.status_code == 200
    assert list(answer.json) == [
        "campaign_id",
        "channel",
        "template",
        "messages",
        "estimate",
        "typography",
        "warnings",
        "gaps",
    ]
    first, second, third = answer.json["messages"]
    assert list(first) == ["customer_id", "phone", "text", "encoding", "segments", "forces_ucs2", "cost", "skipped"]
    assert (first["text"], first["encoding"], first["segments"]) == ("Hi First0 " + "x" * 80, "gsm7", 1)
    assert (first["forces_ucs2"], first["cost"], first["skipped"]) == (None, 1, None)
    assert second["forces_ucs2"] == {"character": "Ж", "code_point": "U+0416", "name": "CYRILLIC CAPITAL LETTER ZHE"}
    assert (second["encoding"], second["segments"], second["cost"]) == ("ucs2", 2, 2)
    assert (third["cost"], third["skipped"]) == (0, "opted_out")
    assert answer.json["estimate"] == {"recipients": 2, "credits": 3, "exact": True}
    assert call("POST", f"/api/campaigns/{campaign}/enqueue").json["queued"] == 2
    assert row("SELECT held FROM campaign") == {"held": 3}


@pytest.mark.parametrize(
    ("first", "shown"),
    [("", 10), ("?first=1", 1), ("?first=50", 50), ("?first=5000", 50), ("?first=0", 1), ("?first=-1", 1)],
)
def test_as_many_messages_are_shown_as_requested(account, call, first, shown):
    campaign = a_campaign(account, recipients=60).id
    answer = call("GET", f"/campaigns/{campaign}/preview{first}")
    assert [message["text"] for message in answer.json["messages"]] == [f"Hello First{n}" for n in range(shown)]
    assert answer.json["estimate"] == {"recipients": 60, "credits": 60, "exact": True}


def test_the_price_of_a_large_audience_is_estimated_from_its_first_thousand(account, call):
    campaign = a_campaign(account, recipients=1500, template="x" * 200).id
    estimate = call("GET", f"/campaigns/{campaign}/preview").json["estimate"]
    assert estimate == {"recipients": 1500, "credits": 3000, "exact": False}


@pytest.mark.parametrize("first", ["x", "1.5", ""])
def test_an_invalid_number_of_messages_is_refused(account, call, first):
    campaign = a_campaign(account, recipients=1).id
    answer = call("GET", f"/api/campaigns/{campaign}/preview?first={first}")
    refused(answer, "INVALID_REQUEST")
    assert answer.json["error"]["details"]["field"] == "first"


@pytest.mark.parametrize("what", ["preview", "audience", "plan"])
def test_without_an_audience_or_a_text_there_is_nothing_to_preview(account, call, what):
    refused(call("GET", f"/api/campaigns/{a_campaign(account).id}/{what}"), "NO_TARGET_AUDIENCE")
    empty = a_campaign(account, recipients=1, template=" ").id
    answer = call("GET", f"/api/campaigns/{empty}/{what}")
    assert answer.status_code == (400 if what == "preview" else 200)


@pytest.mark.parametrize(("audience", "opted_out"), [("list", 2), ("everyone", 2), ("segment", 2)])
def test_an_audience_preview_has_a_count_a_sample_and_the_excluded(account, call, audience, opted_out):
    on_list = a_list(account, 14)
    people = [person["id"] for person in rows("SELECT id FROM customer ORDER BY id")]
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [people[0]])
    rows(
        "INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = %s", [people[1]]
    )
    given = {
        "list": {"list_id": on_list},
        "everyone": {"everyone": True},
        "segment": {"segment_id": a_segment(account, "location", "eq", "Athens")},
    }[audience]
    campaign = a_campaign(account, **given).id
    shown = call("GET", f"/campaigns/{campaign}/audience").json
    assert shown["count"] == 12
    assert [person["id"] for person in shown["sample"]] == people[2:12]
    assert list(shown) == ["count", "sample", "excluded", "phone_types"]
    assert list(shown["sample"][0]) == ["id", "first_name", "last_name", "phone", "location", "prefered_product"]
    assert shown["excluded"] == {
        "opted_out": opted_out,
        "not_mobile": 0,
        "invalid_number": 0,
        "duplicate": 0,
        "blank_text": 0,
    }


@pytest.mark.parametrize("what", ["preview", "audience", "plan", "personalized-preview"])
def test_another_accounts_campaign_is_not_previewed(account, call, what):
    theirs = a_campaign(an_account(), recipients=1).id
    method, body = ("POST", {"json": {"customer_id": 1}}) if what == "personalized-preview" else ("GET", {})
    refused(call(method, f"/api/campaigns/{theirs}/{what}", **body), "CAMPAIGN_NOT_FOUND")


@pytest.mark.parametrize("verb", ["enqueue", "send", "test-send"])
def test_a_start_says_whose_text_has_a_gap_and_nothing_if_none_has(account, call, verb):
    people = customers(account, 2, first_phone="+254712345670")
    body = {"send": {"customer_ids": people}, "test-send": {"numbers": ["+254712345670"]}}.get(verb)
    whole, gap = (a_campaign(account, customer_ids=people, template=text).id for text in ("Hi", "Hi {first_name}!"))
    assert not {"gaps", "warnings"} & call("POST", f"/api/campaigns/{whole}/{verb}", json=body).json.keys()
    stranger = a_campaign(account, customer_ids=people, template="Hi [first_name]!").id
    [warning] = call("POST", f"/api/campaigns/{stranger}/{verb}", json=body).json["warnings"]
    assert (warning["code"], warning["message"].split()[0]) == ("foreign_placeholder", "[first_name]")
    rows("UPDATE customer SET first_name = ''")
    [told] = call("POST", f"/api/campaigns/{gap}/{verb}", json=body).json["gaps"]
    assert (told["placeholder"], told["phone"], told["text"]) == ("first_name", "+254712345670", "Hi !")


def test_the_typography_of_a_campaign_is_chosen_over_http(account, call):
    customers(account, 1)
    body = {"name": "Sale", "base_template": "Don’t!", "everyone": True, "fold_typography": True}
    made = call("POST", "/api/campaigns", json=body).json
    assert made["fold_typography"] is True
    path = f"/api/campaigns/{made['id']}"
    assert call("GET", f"{path}/preview").json["messages"][0]["text"] == "Don't!"
    assert call("PATCH", path, json={"fold_typography": False}).json["fold_typography"] is False
    for value in (None, "yes", 1):
        refused(call("PATCH", path, json={"fold_typography": value}), "INVALID_REQUEST")
