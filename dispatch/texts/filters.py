"""What may happen to a value between the customer's row and the text: cleaning, and the filters there are.

A value comes from outside (an import, an API call), so it may neither break the text around it nor grow
it without limit: control, bidirectional and invisible characters go, line breaks and tabs become spaces,
and only the first 100 characters are kept. Zero-width joiners stay: emoji families and Persian names need
them.
"""

import re
from collections.abc import Callable

from dispatch.errors import InvalidTemplate

MAX_VALUE = 100

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_DANGEROUS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_WORD = re.compile(r"[^\s-]+")

Filter = Callable[[str], str]


def shown(value: object) -> str:
    """The value as it may stand in a text; NULL and nested values are empty."""
    if value.__class__ is not str:
        if value is None or isinstance(value, (dict, list)):
            return ""
        value = str(value)
    # isprintable() is one pass in C and true for nearly every name there is.
    return value[:MAX_VALUE] if value.isprintable() else cleaned(value)[:MAX_VALUE]


def cleaned(text: str) -> str:
    """The text without characters that a reader cannot see or that turn the text around them."""
    return _DANGEROUS.sub("", _SPACES.sub(" ", text))


def _fallback(*arguments: object) -> Filter:
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise InvalidTemplate('fallback takes one text: {{ first_name|fallback("friend") }}.')
    instead = cleaned(arguments[0])
    return lambda text: text if text.strip() else instead


def _truncate(*arguments: object) -> Filter:
    length = arguments[0] if len(arguments) == 1 else None
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= MAX_VALUE:
        raise InvalidTemplate(f"truncate takes a length, 1 to {MAX_VALUE}: {{{{ location|truncate(20) }}}}.")
    return lambda text: text[:length].rstrip()


def _plain(name: str, transform: Filter) -> Callable[..., Filter]:
    def build(*arguments: object) -> Filter:
        if arguments:
            raise InvalidTemplate(f"{name} takes nothing in brackets: {{{{ first_name|{name} }}}}.")
        return transform

    return build


def _title(text: str) -> str:
    # str.title() would write John'S.
    return _WORD.sub(lambda word: word[0].capitalize(), text)


FILTERS: dict[str, Callable[..., Filter]] = {
    "fallback": _fallback,
    "truncate": _truncate,
    "upper": _plain("upper", str.upper),
    "lower": _plain("lower", str.lower),
    "title": _plain("title", _title),
    "capitalize": _plain("capitalize", str.capitalize),
    "trim": _plain("trim", str.strip),
}
