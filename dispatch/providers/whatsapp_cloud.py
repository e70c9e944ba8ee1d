"""WhatsApp through Meta's Cloud API: approved templates, and text within 24 hours of a person's last message.

https://developers.facebook.com/documentation/business-messaging/whatsapp/
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.http import Outcomes, Reply, get, post, refusal, short_word
from dispatch.providers.link import Link, ProviderSettings, matches_any, probed
from dispatch.providers.receipts import dicts, meta_items
from dispatch.providers.whatsapp_message import document_of
from dispatch.providers.whatsapp_templates import ReadTemplate, read_templates
from models.row import JsonObject

API = "https://graph.facebook.com"

# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes. Meta says to go by the
# code and not by the HTTP status: 3, for example, comes with 500. What concerns the number, the account or the template
# would refuse every other message as well; 1, 2, 131000, 131016 and 133004 are trouble of theirs, in which it may have
# left. 200 to 299 are permissions too. 102, 104 and 131030 are Graph's and older ones that are still seen.
CODES: Outcomes = {
    "0": "halted",  # access token
    "1": "unknown",
    "2": "unknown",
    "3": "halted",  # the app lacks a permission
    "4": "deferred",  # calls of the app
    "10": "halted",  # permission
    "33": "halted",  # the business number was deleted
    "100": "rejected",  # a parameter
    "102": "halted",  # access token
    "104": "halted",  # access token
    "190": "halted",  # the access token has expired
    "368": "halted",  # restricted for a violation
    "80007": "deferred",  # calls of the business account
    "130403": "rejected",  # the business has blocked the person
    "130429": "deferred",  # throughput
    "130472": "rejected",  # the person is in an experiment
    "130497": "rejected",  # not to this country
    "131000": "unknown",
    "131005": "halted",  # permission
    "131008": "halted",  # a parameter is missing
    "131009": "rejected",  # the value of a parameter
    "131016": "unknown",
    "131021": "rejected",  # to oneself
    "131026": "rejected",  # the number cannot get it
    "131030": "halted",  # a test number sends only to the numbers on its list
    "131031": "halted",  # the account is locked
    "131037": "halted",  # the display name is not approved
    "131042": "halted",  # payment
    "131045": "halted",  # the number is not registered
    "131047": "rejected",  # more than 24 hours since they wrote
    "131048": "deferred",  # too much of it was marked as spam
    "131049": "rejected",  # Meta limits marketing to this person
    "131050": "opted_out",  # the person has stopped the marketing messages of this business
    "131051": "halted",  # the type of message
    "131053": "rejected",  # the image, video or document
    "131055": "halted",  # not through this API
    "131056": "deferred",  # too many to this person
    "131057": "deferred",  # the account is under maintenance
    "131063": "halted",  # marketing templates are switched off
    "131064": "halted",  # the account is limited for wrong template categories
    "132000": "halted",  # the number of parameters
    "132001": "halted",  # no such template in this language
    "132005": "rejected",  # too long with these parameters
    "132007": "halted",  # the template violates a policy
    "132012": "halted",  # the kind of a parameter
    "132015": "halted",  # the template is paused
    "132016": "halted",  # the template is disabled
    "132018": "halted",  # the parameters of the template
    "132068": "halted",  # the template's flow is blocked
    "132069": "halted",  # the template's flow is throttled
    "133000": "halted",  # the number: a deregistration failed
    "133004": "unknown",
    "133005": "halted",  # the number: PIN
    "133006": "halted",  # the number is not verified
    "133008": "halted",  # the number: PIN
    "133009": "halted",  # the number: PIN
    "133010": "halted",  # the number is not registered
    "133015": "halted",  # the number is being deleted
    "133016": "halted",  # the number was registered too often
    "134011": "halted",  # terms of payment
    "134100": "halted",  # not through this API
    "134101": "deferred",  # the template is still being copied
    "134102": "halted",  # the template is not available
    "135000": "rejected",  # a parameter, and no more is said
}
# https://developers.facebook.com/docs/graph-api/guides/error-handling: 100 with this subcode, "Unsupported post
# request", is a phone_number_id that does not exist or that the token may not use.
NO_SUCH_NUMBER = 33
# After these the sender makes a pause, because every further message would make it worse. 131056 is about one person; a
# campaign messages each person once, so something else is sending to the same people.
PAUSING = ("131048", "131056")
PAUSE_SEC = 60.0

STATES: Mapping[str, Literal["sent", "delivered", "undelivered", "read"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "failed": "undelivered",
    "read": "read",
}


AN_ID = "an id of 5 to 30 digits, as Meta's console shows it, and no telephone number"


class Settings(ProviderSettings):
    """A business phone number, an access token that may send, and the app's secret, which signs what Meta posts."""

    CHANNELS: ClassVar[tuple[str, ...]] = ("whatsapp",)
    OWN_SENDERS: ClassVar[tuple[str, ...]] = ("phone_number_id",)
    TEMPLATE_NAME: ClassVar[tuple[str, str] | None] = (
        r"[a-z0-9_]{1,512}",
        "its name in lower case letters, digits and _",
    )

    # Ids and versions have these patterns in https://github.com/facebook/openapi, business-messaging-api_v23.0.yaml.
    phone_number_id: str = Field(pattern=r"^[0-9]{5,30}$", description=AN_ID)
    access_token: SecretStr = Field(min_length=1, max_length=1000)
    app_secret: SecretStr = Field(min_length=1, max_length=200)
    #: In their console as "verify token", for the request with which Meta tries out an address.
    verify_token: SecretStr | None = Field(None, min_length=1, max_length=200)
    api_version: str = Field("v23.0", pattern=r"^v[0-9]{1,2}\.[0-9]$", description="like v23.0")
    #: The WhatsApp Business account, whose templates are then read.
    business_account_id: str | None = Field(None, pattern=r"^[0-9]{5,30}$", description=AN_ID)
    #: The number's part of its portfolio's messaging limit, in messages in any 24 hours:
    #: https://developers.facebook.com/docs/whatsapp/messaging-limits
    daily: int | None = Field(None, ge=1, le=1_000_000_000)


class WhatsappCloud:
    """One business phone number."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self.name = link.name
        self._settings = settings
        self._link = link
        self._api = f"{link.at(API)}/{settings.api_version}"
        self._number = f"{self._api}/{settings.phone_number_id}"
        self._headers = {"Authorization": f"Bearer {settings.access_token.get_secret_value()}"}
        self._paused_until = 0.0

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message; while the sender pauses it is deferred without a call."""
        if (left := self._paused_until - time.monotonic()) > 0:
            return Answer("deferred", error_code="sender_paused", retry_after=left)
        if message.template and not all(map(str.strip, message.template.values)):
            # Meta refuses it as a missing parameter, as if the template were filled wrongly for everyone.
            return Answer("rejected", error_code="empty_parameter")
        # An app has one address for the replies to all of its numbers, and each answers those to itself.
        number = f"{self._api}/{message.answers_from}" if message.answers_from else self._number
        reply = await post(self._link.http.get(), f"{number}/messages", document_of(message), self._headers)
        answer = reply if isinstance(reply, Answer) else _answer(reply)
        if answer.error_code in PAUSING:
            self._paused_until = time.monotonic() + PAUSE_SEC
            return answer._replace(retry_after=PAUSE_SEC)
        return answer

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipts among the statuses of a webhook; there may be several."""
        return [receipt for status in meta_items(callback.document, "statuses") if (receipt := _receipt(status))]

    def verify(self, callback: Callback) -> bool:
        """Returns whether the app's secret signed the body (X-Hub-Signature-256)."""
        given = {name.lower(): value for name, value in callback.headers.items()}.get("x-hub-signature-256")
        secret = self._settings.app_secret.get_secret_value().encode()
        return matches_any(given, [f"sha256={hmac.new(secret, callback.body, hashlib.sha256).hexdigest()}"])

    def challenge(self, callback: Callback) -> str | None:
        """Returns what Meta wants back when it tries out an address; None unless it names our verify token.

        https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
        """
        query, token = callback.query, self._settings.verify_token
        if token is None or not matches_any(query.get("hub.verify_token"), [token.get_secret_value()]):
            return None
        return short_word(query.get("hub.challenge"))

    @property
    def knows_business_account(self) -> bool:
        """Whether its templates can be read."""
        return self._settings.business_account_id is not None

    async def templates(self) -> list[ReadTemplate] | Probe:
        """Returns the templates of the business account, or why they cannot be read."""
        account_url = f"{self._api}/{self._settings.business_account_id}"
        return await read_templates(self._link.http.get(), account_url, self._headers)

    async def probe(self) -> Probe:
        """Reads the phone number."""
        reply = await get(self._link.http.get(), self._number, self._headers)
        if isinstance(reply, Reply) and reply.status == 400:
            return Probe(False, "Meta refuses phone_number_id or access_token.")
        return probed(reply, ok="Meta takes the token.", refused="Meta refuses phone_number_id or access_token.")

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _answer(reply: Reply) -> Answer:
    if 200 <= reply.status < 300:
        messages = reply.document.get("messages")
        first = messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}
        message_id = short_word(first.get("id"))
        return Answer("accepted", message_id) if message_id else Answer("unknown", error_code="unreadable_reply")
    error = reply.document.get("error")
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        return refusal(reply, outcomes=CODES)
    if 200 <= code <= 299 or (code == 100 and error.get("error_subcode") == NO_SUCH_NUMBER):
        return Answer("halted", error_code=str(code))
    if str(code) in CODES:
        return Answer(CODES[str(code)], error_code=str(code), retry_after=reply.retry_after)
    return refusal(reply, str(code))


def _receipt(status: JsonObject) -> Receipt | None:
    message_id, said = short_word(status.get("id")), status.get("status")
    if message_id is None or not isinstance(said, str) or said not in STATES:
        return None
    code = next((error.get("code") for error in dicts(status, "errors")), None)
    return Receipt(
        f"{message_id}:{said}",
        STATES[said],
        reference=short_word(status.get("biz_opaque_callback_data")),
        provider_id=message_id,
        error_code=str(code) if isinstance(code, int) else None,
        at=_time(status.get("timestamp")),
    )


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
