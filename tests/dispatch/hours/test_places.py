"""Whose clock counts: the customer's own zone, the phone number, the account's zone."""

from zoneinfo import available_timezones

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from dispatch.hours import zones
from dispatch.hours.zones import Place, deciding_digits, place_of

ATHENS = "Europe/Athens"
# Guernsey and the rest of the kingdom, Saint Barthélemy and Guadeloupe, Kazakhstan and Russia: one calling code each.
ALIKE = ["+447911123456", "+447911623456", "+590590271234", "+590590121234", "+73362212345", "+73412212345"]


def place(phone, *, own=None, account=ATHENS):
    return place_of(phone, own_zone=own, account_zone=account)


def test_the_customers_own_zone_comes_first_and_the_country_stays_the_numbers():
    assert place("+12125550123", own="Asia/Tokyo") == Place("Asia/Tokyo", "US")


@pytest.mark.parametrize("own", ["", "Mars/Olympus", "../../etc/passwd"])
def test_an_own_zone_that_does_not_exist_is_ignored(own):
    assert place("+306912345678", own=own) == Place("Europe/Athens", "GR")


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("+12125550123", Place("America/New_York", "US")),
        ("+13105550123", Place("America/Los_Angeles", "US")),
        ("+14165550123", Place("America/Toronto", "CA")),
        ("+18762101234", Place("America/Jamaica", "JM")),
        ("+5511961234567", Place("America/Sao_Paulo", "BR")),
        ("+61891234567", Place("Australia/Perth", "AU")),
        ("+390612345678", Place("Europe/Rome", "IT")),
        ("+353850123456", Place("Europe/Dublin", "IE")),
        ("+447400123456", Place("Europe/London", "GB")),
        ("+447797712345", Place("Europe/Jersey", "JE")),
    ],
)
def test_a_number_that_tells_its_place_decides(phone, expected):
    assert place(phone) == place(phone, account="Australia/Sydney") == expected


@pytest.mark.parametrize(
    ("phone", "account", "zone"),
    [
        ("+79161234567", "Asia/Vladivostok", "Asia/Vladivostok"),
        ("+79161234567", ATHENS, "Europe/Moscow"),
        ("+61412345678", "Australia/Perth", "Australia/Perth"),
        ("+61412345678", ATHENS, "Australia/Sydney"),
        ("+34612345678", "Atlantic/Canary", "Atlantic/Canary"),
        ("+34612345678", ATHENS, "Europe/Madrid"),
        ("+18002345678", "America/Chicago", "America/Chicago"),
        ("+18002345678", ATHENS, "America/New_York"),
        ("+12085550123", "America/Boise", "America/Boise"),
        ("+77710009998", "Europe/Moscow", "Asia/Almaty"),
    ],
)
def test_a_number_of_several_zones_is_in_the_accounts_zone_or_where_most_numbers_are(phone, account, zone):
    assert place(phone, account=account).zone == zone


@pytest.mark.parametrize("phone", ["+870773111632", "+99912345678", "+0", "+"])
def test_a_number_of_no_country_is_in_the_accounts_zone(phone):
    assert place(phone) == Place(ATHENS, None)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS - {"TA"}))
def test_mobile_numbers_of_every_country_are_in_that_country_and_in_a_zone_that_exists(region):
    """Tristan da Cunha has no mobile numbers."""
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    found = place(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    assert found.region == phonenumbers.region_code_for_number(number)
    assert found.zone in available_timezones()
    assert found.zone != ATHENS or region == "GR"


def test_every_zone_of_the_phone_library_exists():
    assert {zone for zones in TIMEZONE_DATA.values() for zone in zones} <= available_timezones()


@pytest.mark.parametrize("phone", ALIKE)
def test_a_number_is_placed_as_if_it_were_the_first(phone, monkeypatch):
    monkeypatch.setattr(zones, "_origins", {})
    alone = place(phone)
    monkeypatch.setattr(zones, "_origins", {})
    others = [place(other) for other in ALIKE if other != phone]
    assert place(phone) == alone
    assert len(others) == len(ALIKE) - 1


@pytest.mark.parametrize("beginning", range(10, 100))
def test_numbers_that_agree_in_the_deciding_digits_are_in_one_place(beginning):
    """Also where a longer prefix of the library's table begins with them."""
    digits = deciding_digits()[beginning]
    known = {prefix for prefix in TIMEZONE_DATA if prefix.startswith(str(beginning))} | {str(beginning)}
    assert all(len(prefix) <= digits for prefix in known)
    for prefix in sorted(known)[::7]:
        alike = prefix.ljust(digits, "2")
        places = {place(f"+{alike}{rest}".ljust(12, "3")) for rest in ("0", "1", "55", "999", "")}
        assert len(places) == 1, alike
