"""Public holidays: the countries that are known, and their days."""

from datetime import date

import pytest

from dispatch.errors import InvalidRequest
from dispatch.hours.holidays import check_holiday_country, is_holiday


def test_a_country_is_named_by_its_two_letters():
    assert check_holiday_country(" gr ") == "GR"


@pytest.mark.parametrize("code", ["", "XX", "GRC", "Greece", "EU"])
def test_a_country_whose_holidays_are_not_known_is_refused(code):
    with pytest.raises(InvalidRequest, match="are not known; use a country's two letters") as refusal:
        check_holiday_country(code)
    assert refusal.value.details == {"field": "holidays"}


def test_holidays_are_those_of_the_country_in_that_year():
    # Orthodox and western Easter Monday, and days that only one of the two countries has.
    assert [day for day in (date(2026, 4, 6), date(2026, 4, 13)) if is_holiday("GR", day)] == [date(2026, 4, 13)]
    assert [day for day in (date(2026, 4, 6), date(2026, 4, 13)) if is_holiday("DE", day)] == [date(2026, 4, 6)]
    assert is_holiday("GR", date(2037, 3, 25))
    assert not is_holiday("DE", date(2037, 3, 25))


def test_a_holiday_of_a_region_does_not_count():
    assert not is_holiday("DE", date(2026, 1, 6))
