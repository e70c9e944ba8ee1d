"""What people write to a sender, as each kind of provider posts it to us."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from dispatch.providers import Callback
from dispatch.providers.http import short_word
from dispatch.providers.receipts import dicts, fields_of, meta_values, plain_items, plain_key
from models.row import JsonObject
from models.states import CHANNELS

_PHONE = re.compile(r"(?:whatsapp:)?(?:\+|00)?([1-9][0-9]{6,14})", re.ASCII)
# What people put between the digits.
_BETWEEN = re.compile(r"[\s().\-/]")
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


class Read(NamedTuple):
    """The texts in a request, and what is wrong with those that cannot be taken, without anything a person wrote."""

    texts: list[Inbound]
    problems: list[str]


_NO_ID = "it has no id, by which it would be known when it is delivered again"
# A text, or what is wrong with it.
_Said: TypeAlias = Inbound | str


def inbound_of(kind: str, callback: Callback) -> Read:
    """Returns the texts in a verified request; those from a sender without a number cannot be taken."""
    found = list(_PARSERS.get(kind, _plain)(callback))
    texts = [each for each in found if isinstance(each, Inbound)]
    return Read(texts, [each for each in found if isinstance(each, str)])


def speaks_our_format(kind: str) -> bool:
    """Returns whether providers of this kind post to us as docs/providers.md says, so that whoever does can mend it."""
    return kind not in _PARSERS


def _made(key: str | None, phone: Any, text: Any, to: Any, channel: str | None, handled_as: str | None = None) -> _Said:
    if key is None:
        return _NO_ID
    matched = _PHONE.fullmatch(_BETWEEN.sub("", _word(phone)))
    if matched is None:
        return "it is not from a phone number with its country code"
    if not isinstance(text, str):
        return "its text is not text"
    # PostgreSQL stores no NUL, and UTF-8 has no half of a surrogate pair.
    stored = text.replace("\0", "").encode(errors="replace").decode()[:MOST_LETTERS]
    ours = _word(to).removeprefix("whatsapp:")
    return Inbound(key, f"+{matched[1]}", stored, handled_as, ours if _OURS.fullmatch(ours) else None, channel)


def _word(value: Any) -> str:
    """Returns text as it is and a whole number as its digits; '' of anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _twilio(callback: Callback) -> Iterator[_Said]:
    """https://www.twilio.com/docs/messaging/guides/webhook-request; OptOutType where Twilio manages opt-outs."""
    form = callback.form
    if "MessageStatus" in form or "From" not in form:
        return
    handled = form.get("OptOutType", "").lower()
    known = handled if handled in ("stop", "start", "help") else None
    channel = "whatsapp" if form.get("From", "").startswith("whatsapp:") else "sms"
    key = short_word(form.get("MessageSid"))
    yield _made(key, form.get("From"), form.get("Body", ""), form.get("To"), channel, known)


def _vonage(callback: Callback) -> Iterator[_Said]:
    """https://developer.vonage.com/en/messaging/sms/guides/inbound-sms"""
    fields = fields_of(callback)
    if "status" not in fields and "msisdn" in fields:
        key = short_word(fields.get("messageId"))
        yield _made(key, fields.get("msisdn"), fields.get("text"), fields.get("to"), "sms")


def _kannel(callback: Callback) -> Iterator[_Said]:
    """The address that a sms-service of Kannel calls: …/inbound?key=…&id=%I&from=%p&to=%P&text=%a"""
    query = callback.query
    if "from" in query:
        yield _made(short_word(query.get("id")), query.get("from"), query.get("text"), query.get("to"), "sms")


def _whatsapp_cloud(callback: Callback) -> Iterator[_Said]:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages

    Who stops or resumes marketing messages in WhatsApp itself is told beside them (…/reference/user_preferences).
    """
    for value in meta_values(callback.document):
        about = value.get("metadata") if isinstance(value, dict) else None
        number = about.get("phone_number_id") if isinstance(about, dict) else None
        for message in dicts(value, "messages"):
            yield _made(short_word(message.get("id")), message.get("from"), _text_in(message), number, "whatsapp")
        for wish in dicts(value, "user_preferences"):
            said = wish.get("value")
            keyword = {"stop": "stop", "resume": "start"}.get(said) if isinstance(said, str) else None
            if keyword and wish.get("category") == "marketing_messages":
                key = f"{wish.get('wa_id')}:{said}:{wish.get('timestamp')}"
                yield _made(short_word(key), wish.get("wa_id"), wish.get("detail") or "", number, "whatsapp", keyword)


def _text_in(message: JsonObject) -> str:
    """Returns what a person wrote or which button they pressed; '' of a picture and its like."""
    pressed = message.get("interactive")
    among = pressed if isinstance(pressed, dict) else {}
    for part in (message.get("text"), message.get("button"), among.get("button_reply"), among.get("list_reply")):
        if isinstance(part, dict):
            said = part.get("body") or part.get("text") or part.get("title")
            return said if isinstance(said, str) else ""
    return ""


def _plain(callback: Callback) -> Iterator[_Said]:
    """Our own format, {"id", "from", "text", "to"?, "channel"?}, one or a list (docs/providers.md)."""
    items = plain_items(callback)
    for place, item in enumerate(items):
        said = _plain_item(item, callback, place)
        if isinstance(said, str) and len(items) > 1:
            said = f"item {place + 1}: {said}"
        if said is not None:
            yield said


def _plain_item(item: Any, callback: Callback, place: int) -> _Said | None:
    """Returns a text or what is wrong with it, and of a receipt only what is wrong."""
    if not isinstance(item, dict):
        return "it is not a JSON object"
    key = plain_key(item, callback, place)
    if "text" in item:
        said = item.get("channel")
        channel = said if isinstance(said, str) and said in CHANNELS else None
        return _made(key, item.get("from"), item["text"], item.get("to"), channel)
    if "state" not in item:
        return 'it has neither "state", as a receipt, nor "text", as a reply'
    if not isinstance(item["state"], str):
        return "its state is not text"
    return None if key else _NO_ID


_PARSERS: Mapping[str, Callable[[Callback], Iterator[_Said]]] = {
    "twilio": _twilio,
    "vonage": _vonage,
    "kannel": _kannel,
    "whatsapp_cloud": _whatsapp_cloud,
}
