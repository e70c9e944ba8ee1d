"""What cannot be used of a campaign that was written, in the words of the form, and the field that it is about."""

import re
from collections.abc import Callable
from typing import NamedTuple

from dispatch.errors import DispatchError

_MINUTE = 60


class Field(NamedTuple):
    """A field of the form: the id of its element, and how its label begins."""

    id: str
    label: str


class Problem(NamedTuple):
    """A refusal; `field` is the id of the element that it is about, and None when that is none or several."""

    words: str
    field: str | None


_WHEN, _ENDS = Field("when", "Starts at"), Field("expires", "Nothing is sent after")
_STORED = Field("stored", "Take a stored text")

#: By the names that API and form have for them.
FIELDS = {
    "name": Field("name", "Name"),
    "channel": Field("channel", "Channel"),
    "base_template": Field("text", "Text"),
    "stored": _STORED,
    "template_id": _STORED,
    "hold_back": Field("hold-back", "Hold back"),
    "winner_rule": Field("winner-by", "Who decides which text they get"),
    "winner_after": Field("winner-after", "If by itself, hours after the campaign has ended"),
    "track_links": Field("track", "Count who opens links"),
    "purpose": Field("purpose", "Purpose"),
    "scheduled_at": _WHEN,
    "when": _WHEN,
    "timezone": Field("zone", "By the clocks of"),
    "repeats": Field("repeats", "How often"),
    "repeats_at": Field("repeats-at", "At this time of day"),
    "repeats_day": Field("repeats-day", "On this day, if every month"),
    "cron_expression": Field("cron", "Cron expression"),
    "max_runs": Field("most", "Ends after so many times"),
    "misfire": Field("late", "One that is due late"),
    "local_time": Field("local-time", "At this time by each person’s own clock"),
    "send_window": Field("send-window", "Only on these days and hours"),
    "holidays": Field("holidays", "Not on the public holidays of this country"),
    "expires_at": _ENDS,
    "expires": _ENDS,
    "grace_sec": Field("grace", "If it could not start for so many minutes"),
    "customers": Field("find-customers", "Find customers by name or phone"),
    "remote": Field("remote", "Conditions that they meet, as JSON"),
    "whatsapp_template": Field("approved", "Template that WhatsApp has approved"),
    "whatsapp_language": Field("approved-language", "Its language"),
    "whatsapp_parameters": Field("approved-names", "Names of the parameters"),
}
# Fields whose label depends on what was chosen.
_BY_ID = {"whatsapp_header": "header", **{f"share_{place}": f"share-{place}" for place in range(1, 5)}}

_REWORDED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (
        r"^winner_rule goes with hold_back: without it no one waits",
        "A text is sent by itself only to people who are held back: write how many percent at “Hold back”, or let "
        "someone decide",
    ),
    (
        r"^To decide by clicks the campaign has to track its links",
        "To decide by opened links, tick “Count who opens links”",
    ),
    (
        r"^grace_sec is a whole number from 0 to (\d+)",
        lambda found: f"The minutes that it may start late are a whole number from 0 to {int(found[1]) // _MINUTE}",
    ),
    (
        r"^remote\.conditions\.(\d+)(?:\.(\w+))?",
        lambda found: ", ".join(filter(None, (f"Condition {int(found[1]) + 1}", found[2]))),
    ),
    (r"^remote(\.conditions)?\b", "“Conditions that they meet, as JSON”"),
    (r"^Variant (\d) has no text", r"Text \1 is empty"),
    (r"\binstead of variants\b", "instead of comparing texts"),
    (r"\bvariant(s?)\b", r"text\1"),
    (r"\bVariant(s?)\b", r"Text\1"),
    (r"^The template\b", "The text"),
    (r"^whatsapp_header\b", "The header"),
    (r"^whatsapp_buttons\b", "A button"),
)
# A word that is also one of English is a name only where a message begins with it.
_NAMES = re.compile(
    rf"\b({'|'.join(name for name in FIELDS if '_' in name)})\b|^(name|channel|purpose|timezone|holidays)\b"
)


def problem_of(refusal: DispatchError) -> Problem:
    """Returns the refusal as the form shows it."""
    words = refusal.message
    for pattern, instead in _REWORDED:
        words = re.sub(pattern, instead, words)
    words = _NAMES.sub(lambda found: f"“{FIELDS[found[0]].label}”", words)
    return Problem(words[:1].upper() + words[1:], _field_of(refusal))


def _field_of(refusal: DispatchError) -> str | None:
    name = str(refusal.details.get("field", "")).partition(".")[0]
    if name == "variants":
        variant = refusal.details.get("variant", 0)
        return "share-1" if not variant else "text" if variant == 1 else f"text-{variant}"
    if name in FIELDS:
        return FIELDS[name].id
    return _BY_ID.get(name) or ("text" if refusal.code in ("INVALID_TEMPLATE", "NO_MESSAGE_TEXT") else None)
