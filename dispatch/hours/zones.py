"""Whose clock counts: the zone and country of a recipient, from the customer, the phone number and the account."""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import phonenumbers
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from scheduling.zones import is_zone

_NORTH_AMERICA = "1"
# Digits that decide the country and the kind of a number: the area code in North America, elsewhere five digits after
# the calling code.
_AREA_CODE, _NATIONAL_DIGITS = 3, 5
_MOST_REMEMBERED = 200_000


class Place(NamedTuple):
    """Where a recipient is, as far as is known."""

    #: The IANA zone whose clock counts.
    zone: str
    #: The country of the phone number, two letters, or None.
    region: str | None


class _Origin(NamedTuple):
    region: str | None
    #: Whether the digits after the calling code say where in the country; those of most mobile phones do not.
    tells_place: bool


_origins: dict[str, _Origin] = {}


def place_of(phone: str, *, own_zone: str | None, account_zone: str) -> Place:
    """Returns the place of a recipient with this number (E.164).

    The zone is the customer's own if it exists, else the number's, else the account's. A number that may be in several
    zones is in the account's zone if that is one of them, else in the one that has most of the country's numbers.
    """
    digits = phone[1:]
    origin = _origin(digits)
    if own_zone and is_zone(own_zone):
        return Place(own_zone, origin.region)
    return Place(_zone(_zones_of(digits), origin, account_zone), origin.region)


@lru_cache(maxsize=1)
def deciding_digits() -> tuple[int, ...]:
    """Returns how many first digits of a number decide its place, by its first two digits (00 to 99).

    Numbers that agree in them, of people with the same zone of their own, have the same place.
    """
    return tuple(max(_lengths(f"{beginning:02}"), default=2) for beginning in range(100))


def _lengths(beginning: str) -> Iterator[int]:
    """Yields how many digits decide country and kind of these numbers, and how many the table of zones looks at."""
    for code in map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        if code.startswith(beginning) or beginning.startswith(code):
            yield _decisive(code)
    yield from (len(prefix) for prefix in TIMEZONE_DATA if prefix.startswith(beginning))


@lru_cache(maxsize=8192)
def _zone(zones: tuple[str, ...], origin: _Origin, account_zone: str) -> str:
    """Returns the zone of a number to which the phone library's table gives these zones."""
    in_country = _zones_in(origin.region)
    if len(in_country) == 1:
        return in_country[0]
    candidates = zones if origin.tells_place else in_country
    if account_zone in candidates:
        return account_zone
    return max(zones, key=_share_of_numbers, default=account_zone)


def _origin(digits: str) -> _Origin:
    code = _calling_code(digits)
    decisive = digits[: _decisive(code)]
    try:
        return _origins[decisive]
    except KeyError:
        if len(_origins) >= _MOST_REMEMBERED:
            _origins.clear()
        return _origins.setdefault(decisive, _look_up(code, digits))


def _decisive(code: str) -> int:
    return len(code) + (_AREA_CODE if code == _NORTH_AMERICA else _NATIONAL_DIGITS)


def _look_up(code: str, digits: str) -> _Origin:
    if not code or not digits[len(code) :].isdecimal():
        return _Origin(None, False)
    # A leading zero of the national number, as Italy has it, is no part of the integer.
    national = digits[len(code) :]
    zeros = len(national) - len(national.lstrip("0"))
    number = phonenumbers.PhoneNumber(
        country_code=int(code),
        national_number=int(national),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
    region = phonenumbers.region_code_for_number(number)
    kind = phonenumbers.number_type(number)
    tells_place = code == _NORTH_AMERICA or is_number_type_geographical(kind, int(code))
    return _Origin(None if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region, bool(tells_place))


def _calling_code(digits: str) -> str:
    """Returns the calling code with which the number begins, or an empty string."""
    for length in (1, 2, 3):
        if int(digits[:length] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""


def _zones_of(digits: str) -> tuple[str, ...]:
    """Returns the zones that the phone library's table has for the longest prefix of the number."""
    for length in range(TIMEZONE_LONGEST_PREFIX, 0, -1):
        if zones := TIMEZONE_DATA.get(digits[:length]):
            return tuple(zones)
    return ()


def _share_of_numbers(zone: str) -> float:
    return _numbers_by_zone()[zone]


@lru_cache(maxsize=1)
def _numbers_by_zone() -> dict[str, float]:
    """Returns for each zone the part of all numbers that can only be there; a prefix of n digits has 1 in 10^n."""
    shares: dict[str, float] = defaultdict(float)
    for prefix, zones in TIMEZONE_DATA.items():
        if len(zones) == 1:
            shares[zones[0]] += 10.0 ** -len(prefix)
    return shares


@lru_cache(maxsize=512)
def _zones_in(region: str | None) -> tuple[str, ...]:
    return _zones_by_country().get(region or "", ())


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """Returns the zones of each country, from the zone.tab of the IANA database."""
    zones: dict[str, tuple[str, ...]] = {}
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones[country] = (*zones.get(country, ()), zone)
    return zones
