"""Quiet hours: how they are set, and whose apply."""

from datetime import time

import phonenumbers
import pytest

from dispatch.errors import InvalidRequest
from dispatch.hours.quiet import BY_COUNTRY, QuietHours, quiet_in, read_quiet_hours


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("off", "off"),
        (" Default ", "default"),
        ("22:00-09:00", "22:00-09:00"),
        ("9:30 – 17:05", "09:30-17:05"),
        ("22:00-00:00", "22:00-00:00"),
    ],
)
def test_a_setting_is_kept_in_its_normal_form(text, normal):
    assert read_quiet_hours(text) == normal
    assert read_quiet_hours(normal) == normal


@pytest.mark.parametrize(
    "text", ["", "on", "22-9", "22:00-24:00", "22:60-09:00", "22:00", "22:00-09:00-10:00", "٢٢:٠٠-٠٩:٠٠"]
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidRequest, match=r"write off, default, or hours like 22:00-09:00") as refusal:
        read_quiet_hours(text)
    assert refusal.value.details == {"field": "quiet_hours"}


def test_hours_that_begin_and_end_at_the_same_time_are_refused():
    with pytest.raises(InvalidRequest, match="begins and ends at the same time; write off"):
        read_quiet_hours("9:00-09:00")


def test_the_hours_are_those_of_the_setting_else_of_the_country_else_ten_to_nine():
    assert quiet_in("off", "US") is None
    assert quiet_in("23:00-07:30", "US") == QuietHours(time(23), time(7, 30))
    assert quiet_in("default", "US") == QuietHours(time(21), time(8))
    assert quiet_in("default", "GR") == QuietHours(time(22), time(9))
    assert quiet_in("default", None) == QuietHours(time(22), time(9))


@pytest.mark.parametrize("country", BY_COUNTRY)
def test_the_table_of_countries_lists_countries_with_real_nights(country):
    assert country in phonenumbers.SUPPORTED_REGIONS
    assert BY_COUNTRY[country].starts > BY_COUNTRY[country].ends
