"""What people write to a sender, as each kind of provider posts it to us."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dispatch.providers import Callback
from dispatch.providers.http import short_word
from dispatch.providers.receipts import dicts, fields_of, json_of, meta_values
from models.row import JsonObject
from models.states import CHANNELS

_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)
# A number, a short code, a name, or the id of a number.
_OURS = re.compile(r"\+?[0-9]{3,30}|[A-Za-z0-9 ]{1,11}", re.ASCII)
MOST_LETTERS = 5000


class Inbound(NamedTuple):
    """A text from a person; `key` is the same whenever it is delivered again."""

    key: str
    phone: str
    text: str
    #: What the provider took it for, and has answered and noted itself: stop, start or help.
    handled_as: str | None = None
    #: Our number to which they wrote, as the provider names it; None where it does not say.
    sent_to: str | None = None
    #: sms or whatsapp; None where the provider does not say.
    channel: str | None = None


def inbound_of(kind: str, callback: Callback) -> list[Inbound]:
    """Returns the texts in a verified request; those from a sender without a number are left out."""
    return list(_PARSERS.get(kind, _plain)(callback))


def _made(
    key: Any, phone: Any, text: Any, to: Any, channel: str | None, handled_as: str | None = None
) -> list[Inbound]:
    given = short_word(key)
    matched = _PHONE.fullmatch(phone.removeprefix("whatsapp:")) if isinstance(phone, str) else None
    if not (given and matched and isinstance(text, str)):
        return []
    # PostgreSQL stores no NUL, and UTF-8 has no half of a surrogate pair.
    stored = text.replace("\0", "").encode(errors="replace").decode()[:MOST_LETTERS]
    ours = to.removeprefix("whatsapp:") if isinstance(to, str) else ""
    return [Inbound(given, f"+{matched[1]}", stored, handled_as, ours if _OURS.fullmatch(ours) else None, channel)]


def _twilio(callback: Callback) -> Iterator[Inbound]:
    """https://www.twilio.com/docs/messaging/guides/webhook-request; OptOutType where Twilio manages opt-outs."""
    form = callback.form
    if "MessageStatus" in form:
        return
    handled = form.get("OptOutType", "").lower()
    known = handled if handled in ("stop", "start", "help") else None
    channel = "whatsapp" if form.get("From", "").startswith("whatsapp:") else "sms"
    yield from _made(form.get("MessageSid"), form.get("From"), form.get("Body", ""), form.get("To"), channel, known)


def _vonage(callback: Callback) -> Iterator[Inbound]:
    """https://developer.vonage.com/en/messaging/sms/guides/inbound-sms"""
    fields = fields_of(callback)
    if "status" not in fields:
        yield from _made(fields.get("messageId"), fields.get("msisdn"), fields.get("text"), fields.get("to"), "sms")


def _kannel(callback: Callback) -> Iterator[Inbound]:
    """The address that a sms-service of Kannel calls: …/inbound?key=…&id=%I&from=%p&to=%P&text=%a"""
    query = callback.query
    yield from _made(query.get("id"), query.get("from"), query.get("text"), query.get("to"), "sms")


def _whatsapp_cloud(callback: Callback) -> Iterator[Inbound]:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages

    Who stops or resumes marketing messages in WhatsApp itself is told beside them (…/reference/user_preferences).
    """
    for value in meta_values(json_of(callback)):
        about = value.get("metadata") if isinstance(value, dict) else None
        number = about.get("phone_number_id") if isinstance(about, dict) else None
        for message in dicts(value, "messages"):
            yield from _made(message.get("id"), message.get("from"), _text_in(message), number, "whatsapp")
        for wish in dicts(value, "user_preferences"):
            said = wish.get("value")
            keyword = {"stop": "stop", "resume": "start"}.get(said) if isinstance(said, str) else None
            if keyword and wish.get("category") == "marketing_messages":
                key = f"{wish.get('wa_id')}:{said}:{wish.get('timestamp')}"
                yield from _made(key, wish.get("wa_id"), wish.get("detail") or "", number, "whatsapp", keyword)


def _text_in(message: JsonObject) -> str:
    """Returns what a person wrote or which button they pressed; '' of a picture and its like."""
    pressed = message.get("interactive")
    among = pressed if isinstance(pressed, dict) else {}
    for part in (message.get("text"), message.get("button"), among.get("button_reply"), among.get("list_reply")):
        if isinstance(part, dict):
            said = part.get("body") or part.get("text") or part.get("title")
            return said if isinstance(said, str) else ""
    return ""


def _plain(callback: Callback) -> Iterator[Inbound]:
    """Our own format, {"id", "from", "text", "to"?, "channel"?}, one or a list (docs/providers.md)."""
    document = json_of(callback)
    for item in document if isinstance(document, list) else [document]:
        if isinstance(item, dict) and "text" in item:
            said = item.get("channel")
            channel = said if isinstance(said, str) and said in CHANNELS else None
            yield from _made(item.get("id"), item.get("from"), item.get("text"), item.get("to"), channel)


_PARSERS: Mapping[str, Callable[[Callback], Iterator[Inbound]]] = {
    "twilio": _twilio,
    "vonage": _vonage,
    "kannel": _kannel,
    "whatsapp_cloud": _whatsapp_cloud,
}
