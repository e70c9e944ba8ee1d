"""Example numbers of every country, written in each usual way and read in accounts of several countries."""

import re

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import normalise

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
ACCOUNTS = ("AU", "CN", "DE", "GB", "GR", "ID", "IT", "MX", "US")


def examples(country):
    """Yields a mobile and a fixed number of the country, as far as it has such."""
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(country, kind)
        if number:
            yield kind, number


def written(number, form):
    return phonenumbers.format_number(number, form)


def reading(raw, country):
    """Returns the number, or why it is refused."""
    try:
        return normalise(raw, country)
    except InvalidPhone as refused:
        return refused.reason


def refused_readings(answer):
    return re.fullmatch(r"could be (\+\d+) or (\+\d+); write it with \+ and the country code", answer)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_number_with_plus_or_00_is_the_same_in_every_account(account):
    for country in COUNTRIES:
        for _, number in examples(country):
            phone = written(number, PhoneNumberFormat.E164)
            assert reading(written(number, PhoneNumberFormat.INTERNATIONAL), account) == phone
            answer = reading("00" + phone[1:], account)
            assert answer == phone or (refused_readings(answer) and phone in answer)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_national_number_is_read_in_its_own_country(country):
    for kind, number in examples(country):
        phone = written(number, PhoneNumberFormat.E164)
        answer = reading(written(number, PhoneNumberFormat.NATIONAL), country)
        assert answer == phone or (kind == PhoneNumberType.FIXED_LINE and refused_readings(answer) and phone in answer)
        # With its country code twice it would be another number.
        answer = reading(phone[1:], country)
        assert answer == phone or (kind == PhoneNumberType.FIXED_LINE and refused_readings(answer) and phone in answer)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_mobile_without_its_plus_is_never_read_as_another_number(account):
    for country in COUNTRIES:
        for kind, number in examples(country):
            phone = written(number, PhoneNumberFormat.E164)
            answer = reading(phone[1:], account)
            if answer != phone and not (refused_readings(answer) and phone in answer):
                # Only a landline may be taken for a mobile of the account, which it can be in countries without 0.
                assert kind == PhoneNumberType.FIXED_LINE
                own = phonenumbers.parse(answer)
                assert re.sub(r"\D", "", written(own, PhoneNumberFormat.NATIONAL)) == phone[1:]


def test_few_numbers_of_a_country_are_refused_there():
    ways = [
        (country, written(number, form))
        for country in COUNTRIES
        for _, number in examples(country)
        for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.E164)
    ]
    refused = [country for country, raw in ways if not reading(raw.lstrip("+"), country).startswith("+")]
    assert (len(ways), sorted(refused)) == (978, ["GD", "ID", "MS", "SE", "TC", "XK"])
