"""The text of a campaign, taken from one that the account has stored."""

from collections.abc import Sequence

from api.http.auth import caller
from dispatch.errors import InvalidRequest, NotFound
from dispatch.texts.stored import TemplateView, list_templates, read_template, template_called

# As many are proposed; any other is called by its name.
PROPOSED = 100


def proposed(channel: str) -> Sequence[TemplateView]:
    """Returns the newest stored texts that a campaign of this channel may have."""
    return [each for each in list_templates(caller(), page_size=PROPOSED).rows if each.channel in (None, channel)]


def stored_text(name: str, channel: str) -> TemplateView:
    """Returns the stored text of this name; InvalidRequest when there is none, or it is for another channel."""
    try:
        found = read_template(caller(), template_called(caller(), name)) if name else None
    except NotFound:
        found = None
    if found is None:
        raise InvalidRequest(f"No stored text is called “{name[:200]}”.", field="stored")
    if found.channel not in (None, channel):
        raise InvalidRequest(f"“{found.name}” is for {found.channel}, not for {channel}.", field="stored")
    return found


def name_of(stored_id: int | None) -> str:
    """Returns what the stored text is called; nothing when it was deleted, or there is none."""
    found = _read(stored_id)
    return found.name if found else ""


def source_of(text: str, stored_id: int | None) -> int | None:
    """Returns the id of the stored text if it is still this text, so that the campaign names it as its source."""
    found = _read(stored_id)
    return found.id if found and found.body == text else None


def _read(stored_id: int | None) -> TemplateView | None:
    try:
        return read_template(caller(), stored_id) if stored_id else None
    except NotFound:
        return None
