"""The pattern of a country's numbers, in PostgreSQL and in Python, against libphonenumber's own answer."""

import re

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from dispatch.formats.phone_countries import pattern_of
from models.database import rows


def _examples():
    """Returns a number of each kind of each country, with its country."""
    found = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            if number := phonenumbers.example_number_for_type(region, kind):
                phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                found[phone] = phonenumbers.region_code_for_number(number)
    return found


EXAMPLES = _examples()


def test_a_countrys_pattern_has_its_numbers_and_no_others(db):
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        pattern = pattern_of([country])
        expected = {phone for phone, region in EXAMPLES.items() if region == country}
        assert {phone for phone in EXAMPLES if re.search(pattern, phone)} == expected, country
        found = rows("SELECT phone FROM unnest(%s::text[]) AS phone WHERE phone ~ %s", [list(EXAMPLES), pattern])
        assert {each["phone"] for each in found} == expected, country


@pytest.mark.parametrize(
    "countries", [["US"], ["US", "JM"], ["CA", "DO"], ["GB", "JE"], ["AU", "CX"], ["KZ"], ["GR", "DE", "US"], []]
)
def test_several_countries_have_the_numbers_of_each(countries):
    pattern = pattern_of(countries)
    expected = {phone for phone, region in EXAMPLES.items() if region in countries}
    assert {phone for phone in EXAMPLES if re.search(pattern, phone)} == expected
