"""Whoever has opted out in a file is not messaged, however the file says it; what is not certain is asked."""

from io import BytesIO

import pytest

from dispatch.customers.import_trial import try_import
from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidRequest
from models.database import rows
from tests.factories import an_account, asking

ANN, BOB, EVE = "+306900000001", "+306900000002", "+306900000003"


@pytest.fixture
def account(db):
    return an_account(0, name="acme").id


@pytest.fixture
def imported(account):
    """Imports a text; returns the report."""
    return lambda text, **options: import_customers(asking(account), text.splitlines(True), list_name="all", **options)


def consents():
    return {each["phone"]: each["consent"] for each in rows("SELECT phone, consent FROM customer")}


def suppressed():
    return {each["phone"] for each in rows("SELECT phone FROM suppression")}


@pytest.mark.parametrize(
    ("column", "said", "silent"),
    [
        ("HasOptedOutOfSMS", "true", "false"),
        ("Opted Out At", "2026-01-02T10:00:00Z", ""),
        ("UNSUB_TIME", "2026-01-02 10:00:00", ""),
        ("SMS Marketing Status", "UNSUBSCRIBED", "SUBSCRIBED"),
        ("Text subscription status", "Unsubscribed", "Subscribed"),
        ("GDPR consent", "no", "yes"),
        ("DND", "Yes", "No"),
    ],
)
def test_an_opt_out_in_the_words_of_another_program_suppresses_the_number(imported, column, said, silent):
    report = imported(f"phone,{column}\n{ANN},{said}\n{BOB},{silent}\n")
    assert report.mapping[column] == "consent"
    assert consents() == {ANN: "unsubscribed", BOB: "subscribed"}
    assert suppressed() == {ANN}


def test_a_column_that_may_be_the_consent_is_asked_about_before_anything_is_written(account, imported):
    text = f"phone,Blocked\n{ANN},yes\n"
    for run in (
        lambda: imported(text),
        lambda: try_import(asking(account), text.splitlines(True)),
        lambda: start_import(asking(account), BytesIO(text.encode()), Wish("all", dry_run=True)),
    ):
        with pytest.raises(InvalidRequest, match="Blocked may be the consent") as refused:
            run()
        assert refused.value.details["use"] == {"mapping": {"consent": "Blocked"}}
    assert rows("SELECT 1 FROM customer_import") == []
    imported(text, mapping={"consent": "Blocked"})
    assert consents() == {ANN: "unsubscribed"}
