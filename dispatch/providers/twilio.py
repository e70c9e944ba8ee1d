"""Twilio: SMS and WhatsApp, from a number or through a messaging service.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, model_validator

from dispatch.providers import Answer, ApprovedTemplate, Callback, Outgoing, Probe, Receipt
from dispatch.providers.http import Outcomes, get, post_form, refusal, short_word
from dispatch.providers.link import ASK_AFTER_HOURS, Link, ProviderSettings, matches_any, probed

API = "https://api.twilio.com"

# https://www.twilio.com/docs/api/errors; a code that is not here means what the HTTP status does, so that an invalid
# number (21211), one that is no mobile (21614), a country that is not enabled (21408), no sender for this number
# (21612, 21703) and a closed 24-hour window (63016) are rejections. 20429: "aren't processed and
# are safe to retry". What concerns the sender, the account or the template would refuse every other message as well.
CODES: Outcomes = {
    "20003": "halted",  # authentication
    "20005": "halted",  # the account is not active
    "20006": "halted",  # access denied
    "20008": "halted",  # test credentials
    "20404": "halted",  # no such account
    "20429": "deferred",
    "21212": "halted",  # the From number is invalid
    "21603": "halted",  # From is missing
    "21606": "halted",  # From cannot send
    "21607": "halted",  # a trial account sends only from its sandbox number
    "21608": "halted",  # a trial account sends only to verified numbers
    "21609": "halted",  # StatusCallback is invalid
    "21610": "opted_out",  # the person has sent STOP to this sender
    "21611": "deferred",  # the queue of From is full
    "21617": "rejected",  # too long
    "21654": "halted",  # ContentSid is missing
    "21655": "halted",  # ContentSid is invalid
    "21656": "halted",  # ContentVariables is invalid
    "21657": "halted",  # the sender id is invalid
    "21659": "halted",  # From is no number of Twilio's
    "21660": "halted",  # From belongs to another account
    "21661": "halted",  # From cannot send SMS
    "21701": "halted",  # no such messaging service
    "21702": "halted",  # the messaging service sends nothing now
    "21703": "rejected",  # the messaging service has no sender for this number
    "21704": "halted",  # the messaging service has no senders
    "21705": "halted",  # the messaging service is invalid
    "30001": "deferred",  # queue overflow
    "30002": "halted",  # the account is suspended
    "30454": "deferred",  # the account's messages of a day
    "63001": "halted",  # the channel takes no credentials
    "63002": "halted",  # the channel has no such From
    "63007": "halted",  # no such WhatsApp sender
    "63008": "halted",  # the channel is misconfigured
    "63015": "halted",  # the sandbox sends only to those who have joined it
    "63017": "deferred",  # rate
    "63018": "deferred",  # rate of the channel
    "63020": "halted",  # the account at Meta
    "63022": "halted",  # the certificate of the display name
    "63027": "halted",  # no such template in this language
    "63028": "halted",  # the number of parameters
    "63038": "deferred",  # the account's messages of a day
    "63040": "halted",  # the template was rejected
    "63041": "halted",  # the template is paused
    "63042": "halted",  # the template is disabled
    "63051": "halted",  # Meta has locked the account
    "63112": "halted",  # Meta has disabled the account
}

# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status: what is not here says nothing new.
STATES: Mapping[str, Literal["sent", "delivered", "undelivered", "read"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
    "read": "read",
}


SENDER = r"^(\+[1-9][0-9]{2,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11})$"
FROM = "a number with + and its country code, a short code, or up to 11 letters and digits"


class Settings(ProviderSettings):
    """The account, and either a number (`from`) or a messaging service that sends."""

    OWN_SENDERS: ClassVar[tuple[str, ...]] = ("from", "messaging_service_sid")
    CAN_BE_ASKED: ClassVar[bool] = True
    TEMPLATE_NAME: ClassVar[tuple[str, str] | None] = (r"HX[0-9a-fA-F]{32}", "its ContentSid, HX and 32 hex digits")
    NUMBER_ON_WHATSAPP: ClassVar[bool] = True

    # The patterns of both SIDs are those of https://github.com/twilio/twilio-oai, spec/json/twilio_api_v2010.json.
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="AC and 32 hex digits")
    auth_token: SecretStr = Field(min_length=1, max_length=200)
    #: While the token is replaced, requests signed with either are accepted.
    other_auth_token: SecretStr | None = Field(None, min_length=1, max_length=200)
    sender: str | None = Field(None, alias="from", pattern=SENDER, description=FROM)
    messaging_service_sid: str | None = Field(None, pattern=r"^MG[0-9a-fA-F]{32}$", description="MG and 32 hex digits")
    #: A message without a receipt is asked for after so many hours, and twice again.
    ask_after_hours: float = Field(ASK_AFTER_HOURS, gt=0, le=48)

    @model_validator(mode="after")
    def _has_a_sender(self) -> "Settings":
        if (self.sender is None) == (self.messaging_service_sid is None):
            raise ValueError("twilio needs either from, a number of the account, or messaging_service_sid")
        # A name has a letter: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id.
        if self.sender and self.sender.isdigit() and len(self.sender) > 8:
            raise ValueError(f"from must be {FROM}")
        return self


class Twilio:
    """One Twilio account and sender."""

    def __init__(self, settings: Settings, link: Link) -> None:
        from aiohttp import encode_basic_auth

        self.name = link.name
        self._settings = settings
        self._link = link
        self._account = f"{link.at(API)}/2010-04-01/Accounts/{settings.account_sid}"
        token = settings.auth_token.get_secret_value()
        self._headers = {"Authorization": encode_basic_auth(settings.account_sid, token)}
        other = settings.other_auth_token
        self._tokens = [token, *([other.get_secret_value()] if other else [])]

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        form = {"To": _on(message.channel, message.phone)}
        if template := message.template:
            if not all(each.strip() for each in template.values):
                # 21656 would stop the campaign for this one person.
                return Answer("rejected", error_code="empty_parameter")
            # A template is a "content" of Twilio's: https://www.twilio.com/docs/content
            form |= {"ContentSid": template.name, "ContentVariables": json.dumps(_variables(template))}
        else:
            form["Body"] = message.body
        if message.answers_from:
            form["From"] = _on(message.channel, message.answers_from)
        elif self._settings.messaging_service_sid:
            form["MessagingServiceSid"] = self._settings.messaging_service_sid
        else:
            form["From"] = _on(message.channel, self._settings.sender or "")
        if status_url := self._link.status_url(ref=message.reference):
            form["StatusCallback"] = status_url
        reply = await post_form(self._link.http.get(), f"{self._account}/Messages.json", form, self._headers)
        if isinstance(reply, Answer):
            return reply
        if 200 <= reply.status < 300:
            sid = short_word(reply.document.get("sid"))
            return Answer("accepted", sid) if sid else Answer("unknown", error_code="unreadable_reply")
        return refusal(reply, short_word(reply.document.get("code")), CODES)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipt of a status callback."""
        form = callback.form
        sid, said = short_word(form.get("MessageSid")), form.get("MessageStatus", "")
        if sid is None or said not in STATES:
            return []
        code, reference = short_word(form.get("ErrorCode")), short_word(callback.query.get("ref"))
        return [Receipt(f"{sid}:{said}", STATES[said], reference, provider_id=sid, error_code=code)]

    async def look_up(self, provider_id: str) -> Receipt | Answer | None:
        """Reads a message: https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource."""
        url = f"{self._account}/Messages/{quote(provider_id, safe='')}.json"
        reply = await get(self._link.http.get(), url, self._headers)
        if isinstance(reply, Answer):
            return reply
        if reply.status == 404:
            return None  # deleted there
        if reply.status != 200:
            return refusal(reply, short_word(reply.document.get("code")), CODES)
        said = str(reply.document.get("status"))
        if reply.document.get("sid") != provider_id or said == "sent" or said not in STATES:
            return None
        # The same key as that of the status callback, should that still come.
        code = short_word(reply.document.get("error_code"))
        return Receipt(f"{provider_id}:{said}", STATES[said], provider_id=provider_id, error_code=code)

    def verify(self, callback: Callback) -> bool:
        """Returns whether Twilio signed the request: https://www.twilio.com/docs/usage/security."""
        given = {name.lower(): value for name, value in callback.headers.items()}.get("x-twilio-signature")
        digest = callback.query.get("bodySHA256")
        if digest is not None and not matches_any(hashlib.sha256(callback.body).hexdigest(), [digest.lower()]):
            return False
        signed = "" if digest is not None else _signed_form(callback)
        # Most are signed with the first token over the address as it was called: the others are seldom looked at.
        expected = (_signature(token, url + signed) for token in self._tokens for url in _spellings(callback.url))
        return matches_any(given, expected)

    async def probe(self) -> Probe:
        """Reads the account."""
        reply = await get(self._link.http.get(), f"{self._account}.json", self._headers)
        return probed(reply, ok="Twilio takes the credentials.", refused="Twilio refuses account_sid or auth_token.")

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _variables(template: ApprovedTemplate) -> dict[str, str]:
    """Returns what fills a template: what has no name is named by its place, counted from 1.

    https://www.twilio.com/docs/content/using-variables-with-content-api
    """
    names = list[str | None](template.parameter_names or [None] * len(template.parameters))
    if template.header:
        names.append(template.header.parameter_name)
    names += [None] * len(template.buttons)
    filled = zip(names, template.values, strict=True)
    return {name or str(place): value for place, (name, value) in enumerate(filled, 1)}


def _on(channel: str, address: str) -> str:
    return f"whatsapp:{address}" if channel == "whatsapp" else address


def _signature(token: str, text: str) -> str:
    return b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _signed_form(callback: Callback) -> str:
    """Returns what is signed of a form: names and values one after the other, by name, each pair once."""
    return "".join([name + value for name, value in sorted(set(callback.fields))])


def _spellings(url: str) -> Iterator[str]:
    """Yields the address as it was called, and with and without the usual port, which Twilio may sign either way."""
    yield url
    parts = urlsplit(url)
    port = {"https": 443, "http": 80}.get(parts.scheme)
    if port is None:
        return
    if parts.port is None:
        yield parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
    elif parts.port == port:
        yield parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()
