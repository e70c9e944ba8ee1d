"""Quiet hours: the time of the night in which nobody is messaged, as the account sets it or as the country does."""

import re
from datetime import time
from functools import lru_cache
from typing import NamedTuple

from dispatch.errors import InvalidRequest

_HOURS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9])")


class QuietHours(NamedTuple):
    """From `starts` until `ends` by the recipient's clock, past midnight when `ends` is the earlier of the two."""

    starts: time
    ends: time


DEFAULT = QuietHours(time(22), time(9))

#: Countries with a rule of their own for marketing messages; docs/hours.md links the sources, and says what some of
#: them ask of whole days.
BY_COUNTRY = {
    # Twilio, SMS guidelines for the United Arab Emirates: no promotional messages from 9 pm to 7 am.
    "AE": QuietHours(time(21), time(7)),
    # SMSFactor and SMS Partner, API references: commercial SMS from 8 am to 8 pm only.
    "FR": QuietHours(time(20), time(8)),
    # Operators since October 2025, after a directive of TRAI: promotional messages from 10 am to 9 pm only.
    "IN": QuietHours(time(21), time(10)),
    # Mapp, SMS in Jordan: marketing curfew from 9 pm to 8 am.
    "JO": QuietHours(time(21), time(8)),
    # Mapp, SMS in Kuwait: no official curfew; operators ask for none from 9 pm to 9 am.
    "KW": QuietHours(time(21), time(9)),
    # Mapp, SMS in Saudi Arabia: promotional SMS are allowed from 7 am to 10 pm.
    "SA": QuietHours(time(22), time(7)),
    # 47 CFR 64.1200(c)(1): no telephone solicitation before 8 am or after 9 pm at the called party's location.
    "US": QuietHours(time(21), time(8)),
}


def read_quiet_hours(text: str) -> str:
    """Returns the setting in its normal form: `off`, `default`, or hours such as `22:00-09:00`.

    InvalidRequest when it cannot be read or begins and ends at the same time.
    """
    setting = re.sub(r"\s", "", text.replace("–", "-")).lower()
    if setting in ("off", "default"):
        return setting
    hours = _read(setting)
    if hours is None:
        raise _invalid(f"{text[:60]!r} cannot be read; write off, default, or hours like 22:00-09:00.")
    if hours.starts == hours.ends:
        raise _invalid(f"{text.strip()} begins and ends at the same time; write off for no quiet hours.")
    return f"{hours.starts:%H:%M}-{hours.ends:%H:%M}"


@lru_cache(maxsize=1024)
def quiet_in(setting: str, region: str | None) -> QuietHours | None:
    """Returns the quiet hours of a person whose number is from the region (two letters, if known), or None.

    `setting` is in its normal form. `default` is the country's own rule, else 22:00 to 09:00.
    """
    if setting == "off":
        return None
    if setting == "default":
        return BY_COUNTRY.get(region or "", DEFAULT)
    return _read(setting)


def _read(setting: str) -> QuietHours | None:
    found = _HOURS.fullmatch(setting)
    if not found:
        return None
    from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
    return QuietHours(time(from_hour, from_minute), time(to_hour, to_minute))


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(f"quiet_hours: {message}", field="quiet_hours")
