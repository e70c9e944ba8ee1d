"""An address answers its own methods, and not those of a similar address with an id."""

import pytest

from models.database import row
from tests.factories import a_campaign, an_account


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/customers/export", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/customers/export/", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/api/campaigns/run-automation", {"POST", "OPTIONS"}),
        ("DELETE", "/api/segments/preview", {"POST", "OPTIONS"}),
    ],
)
def test_the_method_of_a_similar_address_is_neither_accepted_nor_listed(as_account, method, path, allowed):
    call = as_account(an_account())
    refused = call(method, path)
    assert (refused.status_code, refused.json["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(refused.headers["Allow"].split(", ")) == allowed
    told = call("OPTIONS", path)
    assert (told.status_code, set(told.headers["Allow"].split(", "))) == (200, allowed)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_asking_for_the_methods_does_nothing_else(as_account, prefix):
    account = an_account()
    told = as_account(account)("OPTIONS", f"{prefix}/campaigns/{a_campaign(account, recipients=1).id}/enqueue")
    assert (told.status_code, told.data, set(told.headers["Allow"].split(", "))) == (200, b"", {"OPTIONS", "POST"})
    assert row("SELECT status FROM campaign") == {"status": "draft"}


def test_an_address_with_an_id_lists_its_own_methods(as_account):
    told = as_account(an_account())("OPTIONS", "/api/customers/1")
    assert set(told.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}
