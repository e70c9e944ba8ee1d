"""What the kinds of providers share: how one is told what it needs, how it is reached, and how it reaches us."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field

from config.addresses import has_usable_port
from config.settings import Settings
from dispatch.providers import Answer, Callback, Probe
from dispatch.providers.http import Reply
from dispatch.providers.sessions import LazySession

# The installation's own simulated provider, which has no row until it is called from outside: no row counts from 0.
INSTALLATIONS_ID = 0
INSTALLATIONS = f"simulated:{INSTALLATIONS_ID}"

# How long a message waits for its receipt before its provider is asked, where it can be and says nothing else.
ASK_AFTER_HOURS = 6.0

# What Meta lets a number send a second unless it is raised, for numbers that have a tier and no rate:
# https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
WHATSAPP_RATE = 80.0

# For people: what `from` may be where a number may have its +.
ANY_SENDER = "a number with its country code, a short code, or up to 11 letters and digits"

# JSON may hold half of a surrogate pair, which UTF-8 has not; `replace` would make different texts equal.
UNPAIRED = "surrogatepass"


def _with_a_usable_port(url: AnyHttpUrl) -> AnyHttpUrl:
    if not has_usable_port(str(url)):
        raise ValueError("must have a port from 1 to 65535, or none")
    return url


#: An address that is called, as a setting.
CalledUrl = Annotated[AnyHttpUrl, AfterValidator(_with_a_usable_port)]


class ProviderSettings(BaseModel):
    """What a kind needs to be told; a field of the type SecretStr is a credential, and is sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    CHANNELS: ClassVar[tuple[str, ...]] = ("sms", "whatsapp")
    #: Whether it has no address of its own, so that an operator has to name one.
    NEEDS_BASE_URL: ClassVar[bool] = False
    #: Whether it says what became of a message when it is asked (`ask_after_hours`).
    CAN_BE_ASKED: ClassVar[bool] = False
    #: The setting with which accounts name the address, if they do.
    ADDRESS: ClassVar[str | None] = None

    #: What it calls a template of WhatsApp's, as a pattern and in words; None: anything.
    TEMPLATE_NAME: ClassVar[tuple[str, str] | None] = None
    #: Whether its `from` is to be a number on WhatsApp, where it may be a name in an SMS.
    NUMBER_ON_WHATSAPP: ClassVar[bool] = False

    #: The settings that name the kind's own sender, which is used whatever sender the account has.
    OWN_SENDERS: ClassVar[tuple[str, ...]] = ()
    #: The setting that names the sender of accounts without one, if there is such a setting.
    DEFAULT_SENDER: ClassVar[str | None] = None

    #: Segments per second and sender; None: the installation's SENDER_RATE.
    rate: float | None = Field(None, gt=0, le=1_000_000)

    @classmethod
    def names(cls) -> list[str]:
        """Returns the names of the settings, those that must be given first."""
        fields = sorted(cls.model_fields.items(), key=lambda each: not each[1].is_required())
        return [field.alias or name for name, field in fields]

    @classmethod
    def asks(cls, name: str) -> str | None:
        """Returns in words what the setting of this name may be; None where its field does not say."""
        return next((field.description for key, field in cls.model_fields.items() if name in (key, field.alias)), None)


@dataclass(frozen=True, slots=True)
class Link:
    """How the provider of one row is reached, and how it reaches us."""

    #: What messages call it: `twilio:7`.
    name: str
    #: Shared by the providers of this process's event loop.
    http: LazySession
    #: Where it is called instead of its usual address.
    base_url: str | None = None
    #: Where it calls us, without the last part; None unless PUBLIC_URL is set.
    hooks_url: str | None = None
    #: In the addresses given to providers that sign nothing; the first is used, and each is accepted.
    hook_keys: tuple[str, ...] = ()
    #: How long an answer may take, in seconds.
    timeout: float = 10.0

    def at(self, usual: str) -> str:
        """Returns the address to call, without a slash at its end."""
        return (self.base_url or usual).rstrip("/")

    def status_url(self, **query: str) -> str | None:
        """Returns where receipts of a message are to be posted, or None when no one could reach it."""
        return self._hook("status", query)

    def inbound_url(self, **query: str) -> str | None:
        """Returns where replies are to be posted, or None when no one could reach it."""
        return self._hook("inbound", query)

    def keyed_status_url(self, **query: str) -> str | None:
        """Returns the same with the key that `has_key` looks for."""
        return self.status_url(**query, key=self.hook_keys[0]) if self.hook_keys else None

    def keyed_inbound_url(self) -> str | None:
        """Returns where replies are to be posted, with that key."""
        return self.inbound_url(key=self.hook_keys[0]) if self.hook_keys else None

    def has_key(self, callback: Callback) -> bool:
        """Returns whether the address that was called has one of the keys."""
        return matches_any(callback.query.get("key"), self.hook_keys)

    def _hook(self, what: str, query: Mapping[str, str]) -> str | None:
        if self.hooks_url is None:
            return None
        return f"{self.hooks_url}/{what}?{urlencode(query, safe='%')}" if query else f"{self.hooks_url}/{what}"


class Hooks(NamedTuple):
    """Where a provider calls us, and the keys in those addresses."""

    url: str | None
    keys: tuple[str, ...]


def hooks_of(settings: Settings, kind: str, provider_id: int, account_id: UUID | None) -> Hooks:
    """Returns where the provider of this row calls us, and the secrets in its addresses; each row has its own."""
    base = f"{settings.public_url.rstrip('/')}/hooks/{kind}/{provider_id}" if settings.public_url else None
    named = f"hooks|{account_id}|{provider_id}".encode()
    keys = tuple(hmac.new(key, named, hashlib.sha256).hexdigest()[:32] for key in settings.provider_keys)
    return Hooks(base, keys)


def matches_any(given: str | None, expected: Iterable[str]) -> bool:
    """Returns whether a signature is one of these, compared in constant time."""
    sent = (given or "").encode(errors=UNPAIRED)
    return any(hmac.compare_digest(each.encode(), sent) for each in expected)


def probed(reply: Reply | Answer, *, ok: str, refused: str, accepts: tuple[int, ...] = (200,)) -> Probe:
    """Returns what a call that sends nothing proves: `ok` or `refused` say it to people, where the provider does."""
    if isinstance(reply, Answer):
        return Probe(False, f"It cannot be reached ({reply.error_code}).")
    if reply.status in accepts:
        return Probe(True, ok)
    if reply.status in (401, 403, 404):
        return Probe(False, refused)
    return Probe(False, f"It answered with the status {reply.status}, which says nothing about the credentials.")
