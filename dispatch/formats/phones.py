"""Parses phone numbers as people write them into E.164, once, when they come in."""

import re

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

from dispatch.errors import InvalidRequest

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")

_UNREADABLE = {
    NumberParseException.NOT_A_NUMBER: "not a number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
}
_IMPOSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: "unknown country code",
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too short: the area code is missing",
}


class InvalidPhone(InvalidRequest):
    """The phone number cannot be used."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The phone number cannot be used: {reason}.", reason=reason)


def check_country(country: str) -> str:
    """Returns the two-letter country code in capitals; InvalidRequest when there is no such country."""
    code = country.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidRequest("Unknown country; give its two letters, such as GR or US.", country=country[:10])
    return code


def normalise(raw: str, default_country: str | None = None) -> str:
    """Returns the number in E.164; without a country code it is read as one of `default_country` (two letters)."""
    text = raw.strip()
    if not text:
        raise InvalidPhone("empty")
    if _SPREADSHEET.fullmatch(text):
        raise InvalidPhone("rounded by a spreadsheet; format the column as text")
    if any(character.isalpha() for character in text):
        # The library would take letters for a keypad's digits, and the message would go to someone else.
        raise InvalidPhone("contains letters")
    try:
        number = phonenumbers.parse(text, default_country)
    except NumberParseException as problem:
        raise InvalidPhone(_unreadable(text, default_country, problem)) from None
    return _checked(number)


def _unreadable(text: str, country: str | None, problem: NumberParseException) -> str:
    if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
        if country or text.lstrip("'( ").startswith(("+", "+")):
            return "unknown country code"
        return "no country code and no default country"
    return _UNREADABLE[problem.error_type]


def _checked(number: phonenumbers.PhoneNumber) -> str:
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        raise InvalidPhone(_IMPOSSIBLE.get(possible, "wrong length"))
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone("not in use in its country")
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(formatted):
        raise InvalidPhone("too long")
    return formatted
