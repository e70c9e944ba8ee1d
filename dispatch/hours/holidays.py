"""Public holidays of a whole country, as the `holidays` library knows them; those of its regions do not count.

The library is imported by the first campaign that asks: it takes a tenth of the start of a process.
"""

from datetime import date
from functools import lru_cache

from dispatch.errors import InvalidRequest


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    import holidays

    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


def check_holiday_country(code: str) -> str:
    """Returns the country's two letters in capitals; InvalidRequest when its holidays are not known."""
    country = code.strip().upper()
    if country not in _countries():
        raise InvalidRequest(
            f"holidays: the public holidays of {code[:10]!r} are not known; use a country's two letters, such as GR.",
            field="holidays",
        )
    return country


def is_holiday(code: str, day: date) -> bool:
    """Returns whether the day is a public holiday in the whole country."""
    return day in _holidays_in(code, day.year)


@lru_cache(maxsize=512)
def _holidays_in(code: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(code, years=year))
