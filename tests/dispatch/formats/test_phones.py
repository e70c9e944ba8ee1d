"""Phones: what people write, what it becomes, and the reason when it is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidRequest
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import check_country, normalise


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("+306900000123", None, "+306900000123"),
        (" 690 000 0123 ", "GR", "+306900000123"),
        ("(690) 000-0123", "GR", "+306900000123"),
        ("0030 690 000 0123", "GR", "+306900000123"),
        ("306900000123", "GR", "+306900000123"),
        ("'+30 690 000 0123", None, "+306900000123"),
        ("\uff0b30 690 000 0123", None, "+306900000123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("+1.202.555.0123", "GR", "+12025550123"),
        ("0491 570 006", "AU", "+61491570006"),
        ("+46 (0)70-174 06 05", None, "+46701740605"),
        ("0171 / 3920001", "DE", "+491713920001"),
        ("+15005550001", None, "+15005550001"),
        ("00306900000123", None, "+306900000123"),
        ("+30 (0) 690 000 0123", None, "+306900000123"),
        ("30 (0) 690 000 0123", "GR", "+306900000123"),
        ("+39 (0)6 1234 5678", None, "+390612345678"),
        ("tel:+30-690-000-0123", None, "+306900000123"),
        ('="6900000123"', "GR", "+306900000123"),
        ("079'123'45'67", "CH", "+41791234567"),
        ("\u0666\u0669\u0660\u0660\u0660\u0660\u0660\u0661\u0662\u0663", "GR", "+306900000123"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("045 55 1234 5678", "MX", "+525512345678"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("5215512345678", "MX", "+525512345678"),
        ("011 30 690 000 0123", "US", "+306900000123"),
    ],
)
def test_a_number_as_people_write_it_becomes_e164(raw, country, phone):
    assert normalise(raw, country) == phone


@pytest.mark.parametrize(
    ("raw", "country", "reason"),
    [
        ("", "GR", "empty"),
        ("   ", "GR", "empty"),
        ("690 000 0123", None, "no country code and no default country"),
        ("12345", "GR", "too short"),
        ("+1 202 555 01234567", None, "too long"),
        ("555 0123", "US", "area code is missing"),
        ("+999 123 456 789", None, "unknown country code"),
        ("--", "GR", "not a number"),
        ("+", "GR", "not a number"),
        ("N/A", "GR", "contains letters"),
        ("1-800-FLOWERS", "US", "contains letters"),
        ("+1 202 555 0123 ext. 5", None, "an extension"),
        ("6.90E+09", "GR", "rounded by a spreadsheet"),
        ("+44 7700 900123", None, "not in use in its country"),
        ("0000000000", "GR", "not in use in its country"),
    ],
)
def test_a_number_that_cannot_be_used_says_why(raw, country, reason):
    with pytest.raises(InvalidPhone) as refused:
        normalise(raw, country)
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        *[(f"491{digits}12345678", "DE", f"+491{digits}12345678") for digits in (51, 52, 57, 59, 60, 62, 63)],
        *[(f"491{digits}1234567", "DE", f"+491{digits}1234567") for digits in (70, 71, 72, 73, 74, 75, 76, 77, 78, 79)],
        ("49 151 12345678", "DE", "+4915112345678"),
        ("38344123456", "XK", "+38344123456"),
        ("6281234567890", "ID", "+6281234567890"),
        ("306900000123", "GR", "+306900000123"),
        ("1-202-555-0104", "GB", "+12025550104"),
        ("447911123456", "GR", "+447911123456"),
        ("393456789012", "IT", "+393456789012"),
        # Italian mobiles that begin like the country code.
        ("3934567890", "IT", "+393934567890"),
    ],
)
def test_digits_that_begin_with_their_country_code_keep_it(raw, country, phone):
    assert normalise(raw, country) == phone


@pytest.mark.parametrize(
    ("raw", "country", "readings"),
    [
        ("306912345678", "DE", ("+306912345678", "+49306912345678")),
        ("447911123456", "DE", ("+447911123456", "+49447911123456")),
        ("15123456789", "DE", ("+15123456789", "+4915123456789")),
        ("62218350123", "ID", ("+62218350123", "+6262218350123")),
        ("13123456789", "CN", ("+13123456789", "+8613123456789")),
        ("6913201234", "GR", ("+6913201234", "+306913201234")),
        ("00996312123456", "SG", ("+96312123456", "+996312123456")),
        # 00 49 or +49 that lost a character.
        ("04915112345678", "DE", ("+4915112345678", "+494915112345678")),
        ("0 49 1511 2345678", "DE", ("+4915112345678", "+494915112345678")),
        ("(0)62812345678", "ID", ("+62812345678", "+6262812345678")),
        ("038344123456", "XK", ("+38344123456", "+38338344123456")),
    ],
)
def test_a_number_with_two_readings_is_refused_with_both(raw, country, readings):
    with pytest.raises(InvalidPhone) as refused:
        normalise(raw, country)
    assert all(reading in refused.value.message for reading in readings)


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("015123456789", "DE", "+4915123456789"),
        ("131 2345 6789", "CN", "+8613123456789"),
        ("6913 201234", "GR", "+306913201234"),
        # The other reading is an Egyptian landline, to which no text is sent.
        ("2015550123", "US", "+12015550123"),
        ("(203) 555-0123", "US", "+12035550123"),
    ],
)
def test_how_a_number_is_written_may_decide_between_two_readings(raw, country, phone):
    assert normalise(raw, country) == phone


def test_a_refusal_does_not_repeat_the_number():
    with pytest.raises(InvalidPhone) as refused:
        normalise("+44 7700 900123")
    assert "900123" not in f"{refused.value} {refused.value.details}"


@pytest.mark.parametrize("country", ["XX", "Greece", "", "🌸"])
def test_an_unknown_country_is_refused(country):
    with pytest.raises(InvalidRequest):
        check_country(country)


def test_a_country_is_returned_in_capitals():
    assert check_country(" gr ") == "GR"


@given(
    st.text(max_size=40) | st.text("+0123456789 ()-./,;x#'\n", max_size=25), st.sampled_from([None, "GR", "US", "IT"])
)
def test_the_result_is_e164_and_normalising_it_again_changes_nothing(raw, country):
    try:
        phone = normalise(raw, country)
    except InvalidPhone:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone)
    assert normalise(phone, None) == phone


PAGE = Path(__file__).parents[3] / "docs" / "importing.md"


def rows_of_the_page():
    """Yields what is written, the country and what becomes of it, for each row of the table."""
    section = PAGE.read_text().partition("## How phone numbers are understood\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            written, country, becomes = (cell.strip() for cell in line.strip("|").split(" | "))
            yield re.findall("`(.+?)`", written), None if country in ("any", "none") else country, becomes


@pytest.mark.parametrize(("written", "country", "becomes"), list(rows_of_the_page()))
def test_the_page_on_importing_says_how_numbers_are_read(written, country, becomes):
    named = re.findall(r"`(\+\d+)`", becomes)
    for place, raw in enumerate(written):
        if not becomes.startswith("refused"):
            assert normalise(raw, country) == named[min(place, len(named) - 1)]
            continue
        with pytest.raises(InvalidPhone) as refused:
            normalise(raw, country)
        assert all(reading in refused.value.reason for reading in named)
