"""Reads phone numbers as people write them, once, when they come in: in E.164, and what kind of number it is.

`phone_text.py` reduces what was written to digits; here they are read as a number of some country. `docs/importing.md`
has the rules as a table.
"""

import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from dispatch.errors import InvalidRequest
from dispatch.formats.phone_tails import without_tail
from dispatch.formats.phone_text import InvalidPhone, plain_phone
from models.customers.phone_types import PhoneType

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# The trunk zero of the national form, written after the country code: +30 (0) 691 234 5678.
_TRUNK_ZERO = re.compile(r"(?<=\d)\D*\(0\)")
# Until August 2019, calls in Mexico had 01, 044 or 045 in front of the ten digits, and calls to its mobiles from abroad
# a 1 (Instituto Federal de Telecomunicaciones, Plan Técnico Fundamental de Numeración). Many address books still do.
_MEXICO = 52
_FORMER_MEXICAN = re.compile(r"(?:1|01|044|045)([0-9]{10})")

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_NEVER_TEXTED = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
)
_KINDS: dict[int, PhoneType] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.VOIP: "voip",
}
# Inmarsat, the global mobile satellite system (such as Iridium) and Thuraya (ITU-T E.164, list of assigned codes); the
# library calls the first two mobile.
_SATELLITE = ("+870", "+881", "+88216")
# The library takes nearly all shorter numbers for valid where lengths vary, but people there have mobiles of so many
# digits without the country code.
_USUAL_DIGITS = 9
_UNREADABLE = {
    NumberParseException.NOT_A_NUMBER: "not a number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
    NumberParseException.INVALID_COUNTRY_CODE: "unknown country code",
}
_IMPOSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: "unknown country code",
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too short: the area code is missing",
}


class Phone(NamedTuple):
    """A number in E.164, and what kind of number it is."""

    number: str
    type: PhoneType


class _Reading(NamedTuple):
    """One way to read what was written."""

    number: str
    type: int
    country_code: int | None


# Why it cannot be read in this way.
_Reason = str


class _Ambiguous(str):
    """Why: it can be read in two ways, which are these."""

    readings: tuple[str, str]

    @classmethod
    def of(cls, first: str, second: str, advice: str = "write it with + and the country code") -> "_Ambiguous":
        reason = cls(f"could be {first} or {second}; {advice}")
        reason.readings = (first, second)
        return reason


def check_country(country: str) -> str:
    """Returns the two-letter country code in capitals; InvalidRequest when there is no such country."""
    code = country.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRequest("Unknown country; give its two letters, such as GR or US.", country=country[:10])
    return code


def normalise(raw: str, default_country: str | None = None) -> str:
    """Returns the number in E.164; without a country code it is read as one of `default_country` (two letters).

    Digits without a plus that are a number with their own country code are that number, unless they may as well be
    another one of `default_country`: those are refused, with both readings.
    """
    return read_phone(raw, default_country).number


def read_phone(raw: str, default_country: str | None = None) -> Phone:
    """Returns the number as `normalise` does, and what kind of number it is."""
    found = _one_person(plain_phone(raw), default_country)
    if isinstance(found, str):
        raise InvalidPhone(found)
    return Phone(found.number, _kind(found))


def readings_of(raw: str, default_country: str | None = None) -> tuple[str, ...]:
    """Returns the number as `normalise` does, or both that it may be where that refuses it for being two."""
    found = _one_person(plain_phone(raw), default_country)
    if isinstance(found, _Ambiguous):
        return found.readings
    if isinstance(found, str):
        raise InvalidPhone(found)
    return (found.number,)


def phone_type(phone: str) -> PhoneType:
    """Returns what kind of number this is, in E.164; `other` if it has gone out of use."""
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return "other"
    return _kind(_Reading(phone, phonenumbers.number_type(number), number.country_code))


def _kind(reading: _Reading) -> PhoneType:
    return "satellite" if reading.number.startswith(_SATELLITE) else _KINDS.get(reading.type, "other")


def is_stored_form(phone: str) -> bool:
    """Returns whether this is written as numbers are stored, in E.164."""
    return _E164.fullmatch(phone) is not None


def _one_person(text: str, country: str | None) -> _Reading | _Reason:
    """Reads the number; refuses it when it gets texts and would be another one without its last group of digits."""
    found = _read(text, country)
    if not isinstance(found, _Reading) or found.type in _NEVER_TEXTED or not (shorter := without_tail(text)):
        return found
    other = _read(shorter, country)
    if isinstance(other, _Reading) and len(other.number) - len(f"+{other.country_code}") >= _USUAL_DIGITS:
        return _Ambiguous.of(found.number, other.number, "write one number, its last digits together")
    return found


def _read(text: str, country: str | None) -> _Reading | _Reason:
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        return _international(digits.removeprefix("00"), text)
    if digits.startswith("00"):
        abroad = _international(digits[2:], text)
        return _either(_national(digits, country), abroad) if country else abroad
    if country is None:
        return "no country code and no default country"
    national = _national(digits, country)
    if digits.startswith("0"):
        return _without_zero(digits, text, national)
    foreign = _international(digits, text)
    if isinstance(national, _Reading) and isinstance(foreign, _Reading) and national.number != foreign.number:
        return _more_likely(text, digits, national, foreign)
    return _either(national, foreign)


def _without_zero(digits: str, text: str, national: _Reading | _Reason) -> _Reading | _Reason:
    """Refuses a landline that is a mobile of the same country behind its code: 0 49 171…, where 00 49 was meant."""
    if isinstance(national, _Reading) and national.type in _NEVER_TEXTED:
        foreign = _international(digits[1:], text.replace("0", "", 1))
        if isinstance(foreign, _Reading) and foreign.type in _MOBILE and foreign.country_code == national.country_code:
            return _Ambiguous.of(foreign.number, national.number)
    return national


def _either(first: _Reading | _Reason, second: _Reading | _Reason) -> _Reading | _Reason:
    """Returns the reading that is one, else why the first is none; refuses two that differ."""
    if not isinstance(second, _Reading):
        return first
    if not isinstance(first, _Reading) or first.number == second.number:
        return second
    return _Ambiguous.of(first.number, second.number)


def _more_likely(text: str, digits: str, national: _Reading, foreign: _Reading) -> _Reading | _Reason:
    """Returns which of two different readings digits without a plus have; refuses them when that is not certain."""
    own_code = national.country_code == foreign.country_code
    if own_code and foreign.type in _MOBILE and national.type not in _MOBILE:
        return foreign
    if not own_code and national.type in _MOBILE and _is_national_form(national, digits):
        # (203) 555-0123 is no Egyptian number, +20 35550123, and as a landline that one would get no text anyway.
        groups = {sum(map(str.isdigit, text[: gap.start()])) for gap in re.finditer(r"(?<=\d)\D+(?=\d)", text)}
        if foreign.type in _NEVER_TEXTED or (groups and len(str(foreign.country_code)) not in groups):
            return national
    return _either(foreign, national)


def _is_national_form(reading: _Reading, digits: str) -> bool:
    """Returns whether people in the country write the number with exactly these digits: with its trunk zero, if any."""
    number = phonenumbers.parse(reading.number)
    return digits == re.sub(r"\D", "", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def _international(digits: str, text: str) -> _Reading | _Reason:
    """Reads digits that begin with a country code; `text` is how they were written."""
    found = _reading(f"+{digits}")
    if _TRUNK_ZERO.search(text):
        # 30 0691… becomes 30 691…; in Italy the zero belongs to the number, so it is read with it too.
        without = re.sub(r"\D", "", _TRUNK_ZERO.sub("", text)).removeprefix("00")
        found = _either(_reading(f"+{without}"), found)
    return found


def _national(digits: str, country: str) -> _Reading | _Reason:
    """Reads a number that was dialled in the country, which has the country's own way to call abroad."""
    code = str(phonenumbers.country_code_for_region(country))
    if digits.startswith(code):
        # The library would drop a leading country code if it likes the rest better.
        return _reading(f"+{code}{digits}")
    return _reading(digits, country)


def _reading(text: str, country: str | None = None) -> _Reading | _Reason:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as problem:
        return _UNREADABLE[problem.error_type]
    if number.country_code == _MEXICO and (
        former := _FORMER_MEXICAN.fullmatch(phonenumbers.national_significant_number(number))
    ):
        number = PhoneNumber(country_code=_MEXICO, national_number=int(former[1]))
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        return _IMPOSSIBLE.get(possible, "wrong length")
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return "not in use in its country"
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return _Reading(formatted, kind, number.country_code) if _E164.fullmatch(formatted) else "too long"
