"""Phones: what people write, what it becomes, and the reason when it is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidRequest
from dispatch.formats.phones import InvalidPhone, check_country, normalise


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
        ("+1 202 555 0123 ext. 5", None, "contains letters"),
        ("6.90E+09", "GR", "rounded by a spreadsheet"),
        ("+44 7700 900123", None, "not in use in its country"),
        ("0000000000", "GR", "not in use in its country"),
    ],
)
def test_a_number_that_cannot_be_used_says_why(raw, country, reason):
    with pytest.raises(InvalidPhone) as refused:
        normalise(raw, country)
    assert reason in refused.value.reason


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


@given(st.text(max_size=40) | st.text("+0123456789 ()-./", max_size=25), st.sampled_from([None, "GR", "US", "IT"]))
def test_the_result_is_e164_and_normalising_it_again_changes_nothing(raw, country):
    try:
        phone = normalise(raw, country)
    except InvalidPhone:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone)
    assert normalise(phone, None) == phone
