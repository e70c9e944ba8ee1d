"""A number is read by the same rules wherever it comes in, and what is refused says why."""

from io import StringIO

import pytest

from dispatch.customers.imports import import_customers
from models.database import rows
from tests.factories import a_campaign, an_account, asking

WITHOUT_PLUS, PHONE = "4915112345678", "+4915112345678"
NOT_ONE_NUMBER = [
    ("6912340001;6912340002", "more than one number"),
    ("2101234567#12", "an extension"),
    ("1721234567.5", "decimals"),
]
AMBIGUOUS, READINGS = "306912345678", ["+306912345678", "+49306912345678"]


@pytest.fixture
def account(db):
    return an_account(country="DE")


@pytest.fixture
def call(as_account, account):
    return as_account(account)


def test_a_number_of_the_country_without_its_plus_is_one_person_at_every_door(call, account):
    assert call("POST", "/api/customers", json={"phone": WITHOUT_PLUS}).json["phone"] == PHONE
    assert call("POST", "/api/suppressions", json={"phone": WITHOUT_PLUS}).json["phone"] == PHONE
    again = call("POST", "/api/suppressions/import", json={"phones": [WITHOUT_PLUS, "0151 12345678", f"{PHONE}.0"]})
    assert (again.json["added"], again.json["known"], again.json["rejected"]) == (0, 3, 0)
    file = call("POST", "/api/suppressions/import", data=f"phone\n{WITHOUT_PLUS}.0\n", content_type="text/csv")
    assert (file.json["known"], file.json["rejected"]) == (1, 0)
    lines = StringIO(f"phone\n{WITHOUT_PLUS}\n015112345678\n")
    imported = import_customers(asking(account.id), lines, list_name="spring", default_country="DE")
    assert (imported.imported, imported.updated, imported.repeated, imported.rejected) == (0, 1, 1, 0)
    campaign = a_campaign(account, recipients=1)
    assert (
        call("POST", f"/api/campaigns/{campaign.id}/test-send", json={"numbers": ["+491721234567"]}).status_code == 202
    )
    assert [each["phone"] for each in rows("SELECT phone FROM customer WHERE phone LIKE '+49%'")] == [PHONE]
    assert [each["phone"] for each in rows("SELECT phone FROM suppression")] == [PHONE]


@pytest.mark.parametrize(("raw", "reason"), NOT_ONE_NUMBER)
def test_what_is_not_one_number_is_refused_at_every_door(call, account, raw, reason):
    campaign = a_campaign(account, recipients=1)
    for path, body in (
        ("/api/customers", {"phone": raw}),
        ("/api/suppressions", {"phone": raw}),
        (f"/api/campaigns/{campaign.id}/test-send", {"numbers": [raw]}),
    ):
        refused = call("POST", path, json=body)
        assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST")
        assert reason in refused.json["error"]["message"]
    listed = call("POST", "/api/suppressions/import", json={"phones": [raw]}).json
    file = call("POST", "/api/suppressions/import", data=f'phone\n"{raw}"\n', content_type="text/csv").json
    assert all(reason in report["rejections"][0]["reason"] for report in (listed, file))
    lines = StringIO(f'phone\n"{raw}"\n')
    assert import_customers(asking(account.id), lines, list_name="spring", default_country="DE").rejected == 1
    assert rows("SELECT FROM suppression UNION ALL SELECT FROM customer WHERE phone LIKE '+49%'") == []


def test_a_number_with_two_readings_is_refused_but_an_opt_out_in_a_list_counts_for_both(call, account):
    for path, body in (("/api/customers", {"phone": AMBIGUOUS}), ("/api/suppressions", {"phone": AMBIGUOUS})):
        refused = call("POST", path, json=body).json["error"]
        assert "could be +306912345678 or +49306912345678" in refused["message"]
    for body in ({"json": {"phones": [AMBIGUOUS]}}, {"data": f"phone\n{AMBIGUOUS}\n", "content_type": "text/csv"}):
        report = call("POST", "/api/suppressions/import", **body).json
        assert (report["ambiguous"], report["rejected"]) == (1, 0)
    assert sorted(each["phone"] for each in rows("SELECT phone FROM suppression")) == READINGS


def test_a_start_says_how_many_get_no_text_and_why(call, account):
    assert call("POST", "/api/customers", json={"phone": "030 123456"}).json["phone_type"] == "fixed"
    call("POST", "/api/customers", json={"phone": "0151 12345678"})
    campaign = a_campaign(account, everyone=True)
    answer = call("POST", f"/api/campaigns/{campaign.id}/enqueue").json
    assert (answer["queued"], answer["skipped"]) == (1, {"not_mobile": 1})
    again = call("POST", f"/api/campaigns/{a_campaign(account, recipients=1).id}/enqueue").json
    assert "skipped" not in again
