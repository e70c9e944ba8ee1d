"""Rows that the API lists by codes, in words for people."""

import re
from typing import Any

from markupsafe import Markup, escape

from config.settings import settings
from dispatch.accounts.credits import LedgerEntryView

_MOVEMENTS = {
    "topup": "Topped up",
    "hold": "Set aside for messages",
    "capture": "Spent on messages",
    "release": "Given back, not spent",
    "adjust": "Corrected",
}
_COMMAND = re.compile(r"`([^`]+)`")
# So many characters of an id tell people apart on one page.
_SHORT = 8


def movement(entry: LedgerEntryView) -> str:
    """Returns what a movement of credits was for."""
    return _MOVEMENTS[entry.kind]


def signed(value: int) -> str:
    """Returns a change of a balance: "+1,000", "−40", and nothing for none."""
    return f"+{value:,}" if value > 0 else f"−{-value:,}" if value else ""


def spaced(code: str) -> str:
    """Returns a code as words: "campaign.paused" is "campaign paused"."""
    return code.replace(".", " ").replace("_", " ")


def actor(name: str) -> str:
    """Returns who did something: the system in words, the id of a key by its first characters."""
    if name == str(settings().system_user_id):
        return "the system"
    kind, colon, rest = name.partition(":")
    return f"{kind} {rest[:_SHORT]}" if colon and len(rest) > _SHORT else name.replace(":", " ")


def prose(text: str) -> Markup:
    """Returns a sentence whose commands, between backticks, are shown as such."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))


def plain(value: Any) -> str:
    """Returns a value of JSON as people write it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(plain, value))
        case dict():
            return ", ".join(f"{name}: {plain(each)}" for name, each in value.items())
    return str(value)
