"""Reduces a phone number as people write it to a plus sign, digits and separators, or says why it is not one number."""

import re
import unicodedata

from dispatch.errors import InvalidRequest

_PLAIN = re.compile(r"\+?[0-9][0-9 ().\-/]*")
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_SCHEME = re.compile(r"\A(tel|callto|sms|whatsapp) ?: ?(//)?", re.IGNORECASE)

_DECIMALS = re.compile(r"([.,])(\d{1,2}|0+)$")
_DECIMAL_ZEROS = re.compile(r"(?<=\d{7})[.,]0+$")
_ONE_ZERO = re.compile(r"[.,]0$")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}([.,'])[0-9]{3}(?:\1[0-9]{3})+(?!\1)[.,]0+")

_EXTENSION = re.compile(r"\d[\s,;:.(-]*(e?xt(ensi[oó]n)?|ext?n|x|anexo|int|dw|durchwahl|poste|доб|вн|εσωτ?)[\s.:=]*\d")
_RUNS = re.compile(r"\d{7,}")
# A number has at most 15 digits and an international prefix.
_MAX_DIGITS = 17
_PLUSES = "+\uff0b\ufe62"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u30fc\ufe58\ufe63\uff0d"
_DOTS = "\u00b7\u2022\u2024\u2027\u2219\uff0e"
_TYPOGRAPHIC = str.maketrans(
    {
        **dict.fromkeys(_PLUSES, "+"),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_DOTS, "."),
        **dict.fromkeys("[{\uff08\uff3b", "("),
        **dict.fromkeys("]}\uff09\uff3d", ")"),
        **dict.fromkeys("\u2044\u2215\uff0f\\", "/"),
        "\u2019": "'",
        "\uff0c": ",",
        "\u060c": ",",
        "\uff1b": ";",
        "\u061b": ";",
        "\u037e": ";",  # the Greek question mark, which looks the same
        "\uff5e": "~",
        "\uff03": "#",
    }
)
_LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"


class InvalidPhone(InvalidRequest):
    """The phone number cannot be used."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The phone number cannot be used: {reason}.", reason=reason)


def plain_phone(raw: str) -> str:
    """Returns the number as digits, spaces and ( ) . - /, with a plus only in front; InvalidPhone unless it is one."""
    text = raw.strip()
    # Whatever has one dot may end in a spreadsheet's decimals.
    if _PLAIN.fullmatch(text) and text.count(".") != 1:
        return _one_number(text)
    text = _without_decorations(_SCHEME.sub("", visible(text).strip("'\"= "), count=1))
    if not text:
        raise InvalidPhone("not a number" if raw.strip() else "empty")
    if _ROUNDED.fullmatch(text):
        raise InvalidPhone("rounded by a spreadsheet; format the column as text")
    if _EXTENSION.search(text.lower()):
        raise InvalidPhone("has an extension; give the number alone")
    if any(character.isalpha() for character in text):
        if len(_RUNS.findall(text)) > 1:
            raise InvalidPhone("more than one number")
        # The library would take letters for a keypad's digits, and the message would go to someone else.
        raise InvalidPhone("contains letters")
    return _one_number(_whole(text))


def plain_digits(raw: str) -> str:
    """Returns part of a number as it is stored: digits, perhaps after a plus; InvalidPhone when it is anything else."""
    text = re.sub(r"[ ().\-/']", "", visible(raw))
    if not re.fullmatch(r"\+?[0-9]*", text) or not text:
        raise InvalidPhone("part of a number is digits, perhaps after a plus")
    return "+" + text[2:] if text.startswith("00") else text


def visible(text: str) -> str:
    """Drops what nobody sees and writes every dash, space and digit in its plain form."""
    found = []
    for character in text.translate(_TYPOGRAPHIC):
        if character in _LINE_BREAKS:
            found.append("\n")
        elif character.isspace():
            found.append(" ")
        elif character.isdecimal():
            found.append(str(unicodedata.decimal(character)))
        elif not _is_invisible(character):
            found.append(character)
    return "".join(found)


def _is_invisible(character: str) -> bool:
    # Cf: joiners, direction marks, soft hyphens and byte-order marks. The others choose how a character is drawn.
    return unicodedata.category(character) == "Cf" or character == "\u034f" or "\ufe00" <= character <= "\ufe0f"


def _without_decorations(text: str) -> str:
    """Drops quotes, symbols and separators around the number, which no one reads as part of it."""
    start = next((place for place, each in enumerate(text) if each.isalnum() or each in "+("), len(text))
    end = next((place for place, each in enumerate(reversed(text)) if each.isalnum() or each == ")"), len(text))
    return text[start : len(text) - end]


def _whole(text: str) -> str:
    """Drops the decimals that a spreadsheet adds (.0); InvalidPhone when they may be digits of the number."""
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    tail = _DECIMALS.search(text)
    if tail is None or text.count(tail[1]) > 1:
        return text
    if _THOUSANDS.fullmatch(text):
        return re.sub("[.,']", "", text[: tail.start()])
    if _DECIMAL_ZEROS.search(text) or _ONE_ZERO.search(text):
        return text[: tail.start()]
    if _PLAIN.fullmatch(text) and len(tail[2]) > 2:
        return text
    if tail[1] == ",":
        raise InvalidPhone("has an extension or decimals after a comma; give the number alone")
    raise InvalidPhone("ends in decimals; format the column as text")


def _one_number(text: str) -> str:
    """Returns the text if it is one number without anything after it."""
    parts = [part for part in re.split(r"\+|[^0-9 ().\-/']+", text) if re.search(r"\d", part)]
    if len(parts) > 1:
        raise InvalidPhone(_what_follows(parts))
    digits = sum(map(str.isdigit, text))
    if len(_RUNS.findall(text)) > 1 or (digits > _MAX_DIGITS and re.search(r"\d\D+\d", text)):
        raise InvalidPhone("more than one number")
    # 210 1234567/8 is two numbers, the second of which shares its beginning with the first.
    if re.search(r"\d{5,}\s*/\s*\d{1,3}$", text):
        raise InvalidPhone("more than one number")
    if re.search(r"[^0-9+ ().\-/']", text) or re.search(r"\d.*\+", text):
        raise InvalidPhone("not a number")
    return ("+" if "+" in text else "") + text.replace("+", "").replace("'", " ")


def _what_follows(parts: list[str]) -> str:
    counts = [sum(map(str.isdigit, part)) for part in parts]
    if sum(count >= 6 for count in counts) > 1:
        return "more than one number"
    if counts[0] >= 6:
        return "has an extension; give the number alone"
    return "not a number"
