"""Consent, as people write it into columns of their own."""

import pytest

from dispatch.formats.consents import consent_said, meaning_of
from dispatch.formats.csv_in import CsvFile

SURE_OF_CONSENT = """consent|Opt-in|Accepts SMS Marketing|Einwilligung|Συγκατάθεση|Text subscription status|
    SMS Marketing Status|GDPR consent|SMS subscriber status|Accepts Marketing|SMS status|smsConsent|is_subscribed|
    consentGiven|SMS permission|Marketing consent|Text opt-in"""
SURE_OF_OPT_OUTS = """Opt Out|opted_out|Unsubscribed|DO NOT TEXT|abgemeldet|Désabonné|HasOptedOutOfSMS|Opted Out At|
    UNSUB_TIME|Do not call|SMS Blocklisted|Opt-out date|Blacklisted|DND|doNotContact|Don't text|sms_opt_out|
    Abgemeldet am|is_unsubscribed|SMS Opted-Out Timestamp|optOut|Do not disturb"""
DETAILS = "Opt-in date|OPTIN_TIME|Subscribed at|SMS Consent Timestamp|UNSUB_REASON|Unsub campaign title|Opt-out source"
DOUBTS = "Subscription|Blocked|Cookie consent|Marketing|suppressed|Subscriber segment"
NOTHING = """Status|Subscription plan|Subscriber ID|Email opt-out|Accepts Email Marketing|Newsletter subscriber|
    Do not mail|Block|Black Friday|Order status|Accepts terms|Marketing source|No. of contacts|Optician|Stop"""


def names(text):
    return [name.strip() for name in text.split("|")]


@pytest.mark.parametrize("column", names(SURE_OF_CONSENT))
def test_the_words_of_a_name_say_that_a_column_is_a_consent(column):
    assert meaning_of(column) == (False, "sure")


@pytest.mark.parametrize("column", names(SURE_OF_OPT_OUTS))
def test_the_words_of_a_name_say_that_a_column_opts_out(column):
    assert meaning_of(column) == (True, "sure")


@pytest.mark.parametrize(
    ("columns", "certainty"), [(DETAILS, "detail"), (DOUBTS, "doubt"), (NOTHING, None)], ids=["detail", "doubt", "none"]
)
def test_what_only_suggests_a_consent_is_told_from_what_has_nothing_to_do_with_it(columns, certainty):
    for column in names(columns):
        assert getattr(meaning_of(column), "certainty", None) == certainty, column


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Subscribed", "subscribed"),
        ("UNSUBSCRIBED", "unsubscribed"),
        *[(yes, "subscribed") for yes in ("yes", "TRUE", "1", "1.0", "ja", "Ναι", "sí", "opted in", "2026-01-02")],
        *[(no, "unsubscribed") for no in ("no", "False", "0", "0.0", "nein", "ΟΧΙ", "non", "Opted out", "STOP")],
        ("perhaps", "perhaps"),
        ("vip, unsubscribed", "unsubscribed"),
        ("vip, subscribed", "vip, subscribed"),
        *[(said, "not asked") for said in ("", "n/a", "never", "NEVER_SUBSCRIBED", "Not subscribed", "Pending", "-")],
        ("\u2713", "\u2713"),
    ],
)
def test_a_column_of_consent_says_yes_or_no(cell, said):
    assert consent_said(cell, opts_out=False) == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *[(yes, "unsubscribed") for yes in ("yes", "TRUE", "1", "x", "\u2713", "02/01/2026", "by phone")],
        *[(no, "") for no in ("no", "false", "0", "όχι", "-", "\u2014", "n/a", "NULL", "never", "opted in", "")],
        *[(no_date, "") for no_date in ("0000-00-00", "0000-00-00 00:00:00", "00/00/0000")],
        ("subscribed", "subscribed"),
        ("Blacklisted", "unsubscribed"),
    ],
)
def test_whatever_is_no_clear_no_in_a_column_of_opt_outs_is_one(cell, said):
    assert consent_said(cell, opts_out=True) == said


def test_the_consent_of_a_line_is_read_and_its_own_words_are_kept():
    records = list(CsvFile(["Phone,Opt Out\n", "+306912345678,yes\n", "+306912345679,no\n"]))
    assert [record.cells["consent"] for record in records] == ["unsubscribed", ""]
    assert [record.values[1] for record in records] == ["yes", "no"]


def test_a_date_in_a_column_of_opt_outs_is_an_opt_out_and_an_empty_cell_says_nothing():
    records = list(CsvFile(["Phone,UNSUB_TIME\n", "+306912345678,2026-01-02 10:00:00\n", "+306912345679,\n"]))
    assert [record.cells["consent"] for record in records] == ["unsubscribed", ""]
