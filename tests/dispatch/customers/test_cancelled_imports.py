"""An import that a person stops writes nothing more; what it had imported stays."""

from io import BytesIO

import pytest

from dispatch.customers import imports
from dispatch.customers.import_run import continue_import
from dispatch.customers.import_upload import Wish, cancel_import, read_import, rejected_lines, start_import
from dispatch.customers.imports import import_customers
from dispatch.customers.lists import delete_list
from dispatch.errors import InvalidStatus, NotFound
from dispatch.recovery import recover
from dispatch.start.sweep import sweep_due
from models.customers.lists import CustomerList
from models.database import count, one, rows
from tests.dispatch.customers.importing import run
from tests.factories import a_campaign, a_list, an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")

FILE = "phone\n6900000001\n12\n6900000002\n6900000003\n"


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    return an_account(country="GR")


def upload(account):
    return start_import(asking(account.id), BytesIO(FILE.encode()), Wish("spring"))


def customers():
    return count("SELECT count(*) FROM customer")


@pytest.mark.parametrize("begun", [False, True])
def test_a_cancelled_import_writes_nothing_more_and_keeps_what_it_has(account, begun):
    made = upload(account)
    if begun:
        run(made.id, seconds=0)
    before, token = customers(), one("SELECT token FROM customer_import")["token"]
    cancelled = cancel_import(asking(account.id), made.id)
    assert (cancelled.status, cancelled.ended_at is not None) == ("cancelled", True)
    continue_import(made.id, token)
    assert (customers(), read_import(asking(), made.id).status) == (before, "cancelled")
    assert rows("SELECT 1 FROM customer_import_part") == []
    assert ("phone: too short" in "".join(rejected_lines(asking(), made.id))) is begun
    assert recover() == {}
    with pytest.raises(InvalidStatus, match="it is cancelled"):
        cancel_import(asking(account.id), made.id)
    delete_list(asking(account.id), made.list_id)


def test_a_command_stops_when_its_import_is_cancelled(account):
    def cancel(report):
        cancel_import(asking(account.id), 1)

    with pytest.raises(InvalidStatus, match="what it had imported stays"):
        import_customers(
            asking(account.id), FILE.splitlines(True), list_name="spring", default_country="GR", progress=cancel
        )
    assert (customers(), read_import(asking(), 1).status) == (1, "cancelled")


def test_a_campaign_that_waits_for_an_import_is_looked_at_once_it_is_cancelled(account):
    a_list(account, 1, name="spring")
    campaign = a_campaign(account, list_id=CustomerList.named(account.id, "spring").id, due=True)
    made = upload(account)
    assert sweep_due(asking()).errors[0].error == "IMPORT_RUNNING"
    cancel_import(asking(account.id), made.id)
    assert [started.campaign_id for started in sweep_due(asking()).campaigns] == [campaign.id]


def test_another_accounts_import_cannot_be_cancelled(account):
    made = upload(account)
    with pytest.raises(NotFound):
        cancel_import(asking(an_account().id), made.id)
    assert read_import(asking(), made.id).status == "queued"
