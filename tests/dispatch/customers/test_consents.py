"""Whoever has opted out in a file is not messaged, however the file says it; what is not certain is asked."""

from io import BytesIO

import pytest

from dispatch.customers.export import export_customers
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


STATUS = f"phone,Status\n{ANN},Active\n{BOB},Unsubscribed\n"


def test_a_cell_that_says_opted_out_is_asked_about_before_the_import(account):
    with pytest.raises(InvalidRequest, match=r"Status says .*such as attribute:Status") as refused:
        start_import(asking(account), BytesIO(STATUS.encode()), Wish("all"))
    assert refused.value.details["use"] == {"mapping": {"consent": "Status"}}
    start_import(asking(account), BytesIO(STATUS.encode()), Wish("all", mapping={"attribute:status": "Status"}))
    start_import(asking(account), BytesIO(STATUS.encode()), Wish(None))


@pytest.mark.parametrize("said", ["unsubscribed", "UNSUBSCRIBED", "Opted out", "opt-out", "Do not call", "Abgemeldet"])
def test_a_line_that_says_opted_out_in_another_column_is_rejected_with_the_question(imported, said):
    report = imported(f"phone,Status\n{ANN},Active\n{BOB},{said}\n")
    assert (report.imported, report.rejected) == (1, 1)
    assert consents() == {ANN: "subscribed"}


SEVERAL = ["vip, unsubscribed", "VIP;Unsubscribed", "opt-out|vip", "a,b , Do not call ,c", '["vip", "unsubscribed"]']


@pytest.mark.parametrize("said", SEVERAL)
def test_an_opt_out_among_the_values_of_a_cell_is_asked_about_at_every_door(account, imported, said):
    quoted = said.replace('"', '""')
    text = f'phone,Tags\n{ANN},vip\n{BOB},"{quoted}"\n'
    for run in (
        lambda: start_import(asking(account), BytesIO(text.encode()), Wish("all")),
        lambda: start_import(asking(account), BytesIO(text.encode()), Wish("all", dry_run=True)),
    ):
        with pytest.raises(InvalidRequest, match=r"Tags says among other things .*such as attribute:Tags") as refused:
            run()
        assert "use" not in refused.value.details
    report = imported(text)
    assert (report.imported, report.rejected) == (1, 1)
    assert consents() == {ANN: "subscribed"}
    assert imported(text, mapping={"attribute:tags": "Tags"}).rejected == 0


@pytest.mark.parametrize(
    "note",
    [
        "She asked, by phone, what unsubscribed means",
        "Email unsubscribed; texts are fine",
        "vip, never unsubscribed",
        "likes optics, outlets",
        ",;|",
    ],
)
def test_a_sentence_or_other_values_with_such_a_word_are_not_asked_about(imported, note):
    assert imported(f'phone,Note\n{ANN},"{note}"\n').rejected == 0


def test_an_opt_out_among_others_is_clear_where_the_consent_says_it(imported):
    assert imported(f'phone,Tags,consent\n{ANN},"vip, unsubscribed",no\n').rejected == 0
    assert consents() == {ANN: "unsubscribed"}


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        (STATUS, {"attribute:status": "Status"}),
        (STATUS.replace("Status", "Email status"), None),
        (STATUS.replace("Unsubscribed", "Unsubscribed in 2024 and came back"), None),
        (f"phone,Status,consent\n{ANN},Active,yes\n{BOB},Unsubscribed,no\n", None),
    ],
)
def test_what_is_known_to_say_nothing_of_texts_is_imported(imported, text, mapping):
    report = imported(text, mapping=mapping)
    assert (report.imported, report.rejected) == (2, 0)


def test_a_column_of_states_is_read_as_the_consent_once_it_is_said_to_be_one(imported):
    imported(STATUS, mapping={"consent": "Status"})
    assert consents() == {ANN: "subscribed", BOB: "unsubscribed"}


def test_an_exported_attribute_that_says_unsubscribed_is_imported_again(account, imported):
    imported(STATUS, mapping={"attribute:status": "Status"})
    assert imported("".join(export_customers(asking(account)))).rejected == 0
    assert consents() == {ANN: "subscribed", BOB: "subscribed"}


NOT_ASKED = ["", "NEVER_SUBSCRIBED", "never", "not subscribed", "Pending"]


@pytest.mark.parametrize("said", NOT_ASKED)
def test_a_new_person_who_has_not_answered_is_unsubscribed_and_counted_as_no_error(account, imported, said):
    text = f"phone,SMS Consent\n{ANN},SUBSCRIBED\n{BOB},{said}\n"
    tried = try_import(asking(account), text.splitlines(True))
    report = imported(text)
    for each in (tried, report):
        assert (each.imported, each.rejected, each.not_asked) == (2, 0, 1)
    assert consents() == {ANN: "subscribed", BOB: "unsubscribed"}
    assert suppressed() == set()


@pytest.mark.parametrize("said", NOT_ASKED)
def test_what_a_known_customer_has_said_stays_where_a_file_says_nothing(imported, said):
    imported(f"phone,consent\n{ANN},subscribed\n{BOB},unsubscribed\n")
    imported(f"phone,first_name,consent\n{ANN},Ann,{said}\n{BOB},Bob,{said}\n")
    assert consents() == {ANN: "subscribed", BOB: "unsubscribed"}


def test_of_the_lines_of_a_new_person_the_first_says_whether_they_were_asked(imported):
    imported(f"phone,consent\n{ANN},subscribed\n{ANN},\n{BOB},pending\n{BOB},subscribed\n")
    assert consents() == {ANN: "subscribed", BOB: "unsubscribed"}


def test_a_line_that_ends_before_its_consent_has_none(imported):
    imported(f"phone,first_name,consent\n{ANN},Ann\n")
    assert consents() == {ANN: "unsubscribed"}


def test_in_a_column_of_opt_outs_an_empty_cell_leaves_a_new_person_subscribed(imported):
    assert imported(f"phone,Opt-out\n{ANN},\n").not_asked == 0
    assert consents() == {ANN: "subscribed"}
