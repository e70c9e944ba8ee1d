"""Consent, as people write it into columns of their own."""

import pytest

from dispatch.formats.consents import consent_said
from dispatch.formats.csv_in import CsvFile


@pytest.mark.parametrize("column", ["consent", "Opt-in", "Accepts SMS Marketing", "Einwilligung", "Συγκατάθεση"])
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Subscribed", "subscribed"),
        ("UNSUBSCRIBED", "unsubscribed"),
        *[(yes, "subscribed") for yes in ("yes", "TRUE", "1", "1.0", "ja", "Ναι", "sí", "opted in", "2026-01-02")],
        *[(no, "unsubscribed") for no in ("no", "False", "0", "0.0", "nein", "ΟΧΙ", "non", "Opted out", "STOP")],
        ("perhaps", "perhaps"),
        ("n/a", "n/a"),
        ("", ""),
    ],
)
def test_a_column_of_consent_says_yes_or_no(column, cell, said):
    assert consent_said(cell, column) == said


@pytest.mark.parametrize("column", ["Opt Out", "opted_out", "Unsubscribed", "DO NOT TEXT", "abgemeldet", "Désabonné"])
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *[(yes, "unsubscribed") for yes in ("yes", "TRUE", "1", "x", "\u2713", "02/01/2026", "by phone")],
        *[(no, "") for no in ("no", "false", "0", "όχι", "-", "\u2014", "n/a", "NULL", "never", "opted in", "")],
        ("subscribed", "subscribed"),
    ],
)
def test_whatever_is_no_clear_no_in_a_column_of_opt_outs_is_one(column, cell, said):
    assert consent_said(cell, column) == said


def test_the_consent_of_a_line_is_read_and_its_own_words_are_kept():
    records = list(CsvFile(["Phone,Opt Out\n", "+306912345678,yes\n", "+306912345679,no\n"]))
    assert [record.cells["consent"] for record in records] == ["unsubscribed", ""]
    assert [record.values[1] for record in records] == ["yes", "no"]
