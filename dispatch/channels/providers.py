"""An account's providers: added with sealed credentials that are never shown again, tried out, removed."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from uuid import UUID

from pydantic import Field
from yarl import URL

from config.addresses import has_usable_port
from config.settings import settings
from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.channels.opening import Sessions, opened, read_settings, sealed_and_shown
from dispatch.errors import Duplicate, Forbidden, InvalidRequest, InvalidStatus, NotFound, ProviderNotConfigured
from dispatch.formats.checks import can_be_id, checked_name
from dispatch.formats.view import Time, View
from dispatch.providers import Kind, Probe
from dispatch.providers.guard import is_host, names_private
from dispatch.providers.kinds import KINDS
from dispatch.providers.link import ProviderSettings
from dispatch.providers.sealing import seal
from models.api_key import ApiKey
from models.database import db
from models.page import Page
from models.providers.provider import Provider
from models.providers.refused_callback import RefusedCallback
from models.row import JsonObject
from models.tenancy import ALL_ACCOUNTS

MAX_URL = 500


class ProviderView(View):
    """A provider; its credentials are named and never shown."""

    id: int
    account_id: UUID | None = Field(description="null: an operator's, which every account may put on a route")
    name: str
    kind: str
    channels: list[str]
    settings: JsonObject
    credentials: list[str] = Field(description="the names of what is stored encrypted")
    base_url: str | None
    callbacks_refused: int = Field(description="requests that came in its name without its signature")
    callback_refused_at: Time | None = Field(description="when the last one of those came")
    created_at: Time

    @classmethod
    def of(cls, provider: Provider, refused: RefusedCallback | None = None) -> "ProviderView":
        """Returns what may be shown of a row, and how many of its callbacks were refused."""
        known = KINDS.get(provider.kind)
        channels = list(known.settings.CHANNELS) if known else []
        shown = {name: getattr(provider, name) for name in cls.model_fields if hasattr(provider, name)}
        return cls(
            **shown,
            channels=channels,
            callbacks_refused=refused.times if refused else 0,
            callback_refused_at=refused.last_at if refused else None,
        )


class ProviderTestView(View):
    """What trying out a provider showed; nothing was sent."""

    id: int
    name: str
    ok: bool
    text: str


def add_provider(
    caller: Caller,
    *,
    name: str,
    kind: str,
    given: Mapping[str, Any],
    base_url: str | None = None,
    for_everyone: bool = False,
) -> ProviderView:
    """Stores a provider of the caller's account, or with `for_everyone` an operator's for every account.

    InvalidRequest names what its kind lacks or does not know; Duplicate when the name is taken; Forbidden when an
    account's key names a base_url; ProviderNotConfigured when there is no key to seal its credentials with.
    """
    account_id = _owner(caller, for_everyone)
    if kind not in KINDS:
        raise InvalidRequest(f"There is no kind {kind[:60]!r}; there are {', '.join(KINDS)}.", field="kind")
    base_url = _checked_url(caller, base_url, kind)
    wanted = read_settings(kind, given)
    _check_address(wanted, kind, base_url)
    secrets, shown = sealed_and_shown(wanted)
    keys = settings().provider_keys
    sealed = seal(secrets, account_id=account_id, kind=kind, keys=keys) if secrets else None
    with db.atomic():
        made = Provider.add(
            account_id,
            name=checked_name(name),
            kind=kind,
            settings=shown,
            credentials=sorted(secrets),
            sealed=sealed,
            base_url=base_url,
        )
        if made is None:
            raise Duplicate("A provider of this name exists; choose another name or remove that one.", field="name")
        caller.note("provider.added", made.id, account_id=account_id, name=made.name, kind=kind)
    return ProviderView.of(made)


def list_providers(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[ProviderView]:
    """Returns one page of the providers that the account may put on a route, operators' included, newest first."""
    found = Provider.page(caller.account, page=page, page_size=page_size)
    refused = RefusedCallback.of([each.id for each in found.rows])
    return found.map(lambda each: ProviderView.of(each, refused.get(each.id)))


def read_provider(caller: Caller, provider_id: int) -> ProviderView:
    """Returns the provider; NotFound when there is none, or it is another account's."""
    found = found_provider(caller, provider_id)
    return ProviderView.of(found, RefusedCallback.of([found.id]).get(found.id))


def provider_called(caller: Caller, name: str) -> int:
    """Returns the id of the account's provider of this name, or of an operator's; NotFound when there is none."""
    found = Provider.called(name, None if caller.account is ALL_ACCOUNTS else caller.account)
    if found is None:
        raise NotFound(f"There is no provider called {name[:60]!r}; `provider list` shows those there are.")
    return found.id


def remove_provider(caller: Caller, provider_id: int) -> None:
    """Removes a provider; InvalidStatus while it is on a route, NotFound when it is not the caller's own."""
    found_provider(caller, provider_id)
    with db.atomic():
        if not Provider.lock(provider_id, caller.account):
            raise NotFound("This provider is an operator's, and only they can remove it.")
        removed = Provider.remove(provider_id)
        if removed is None:
            raise InvalidStatus("The provider is on a route; set the route without it first.")
        caller.note("provider.removed", removed.id, account_id=removed.account_id, name=removed.name)


def try_provider(
    caller: Caller, provider_id: int, *, run: Callable[[Coroutine[Any, Any, Probe]], Probe]
) -> ProviderTestView:
    """Returns whether the provider takes its credentials; sends nothing. `run` runs a coroutine to its end.

    Only the account's own, or for operators any: an account is not told what is wrong with an operator's.
    """
    provider = own_provider(caller, provider_id, ask="to try it")
    chosen = settings()
    sessions = Sessions(connections=1, timeout=chosen.provider_timeout_sec)
    try:
        kind = opened(provider, sessions, chosen)
    except (ProviderNotConfigured, InvalidRequest) as problem:
        return ProviderTestView(id=provider.id, name=provider.name, ok=False, text=problem.message)
    probe = run(_probe(kind, sessions))
    return ProviderTestView(id=provider.id, name=provider.name, ok=probe.ok, text=probe.text)


async def _probe(kind: Kind, sessions: Sessions) -> Probe:
    try:
        return await kind.probe()
    finally:
        await kind.close()
        await sessions.close()


def _owner(caller: Caller, for_everyone: bool) -> UUID | None:
    if not for_everyone:
        return account_with_id(caller.one_account()).id
    if ApiKey.is_of_account(caller.actor):
        raise Forbidden("A provider for every account is added by an operator.")
    return None


def found_provider(caller: Caller, provider_id: int) -> Provider:
    """Returns the row of a provider that the caller may see; NotFound when there is none, or it is another's."""
    found = Provider.find(provider_id, caller.account) if can_be_id(provider_id) else None
    if found is None:
        raise NotFound("There is no such provider.")
    return found


def own_provider(caller: Caller, provider_id: int, *, ask: str) -> Provider:
    """Returns the row of the account's own provider, or for operators of any; Forbidden says what to `ask` one for."""
    found = found_provider(caller, provider_id)
    if found.account_id is None and ApiKey.is_of_account(caller.actor):
        raise Forbidden(f"This provider is an operator's; ask one {ask}.")
    return found


def _check_address(wanted: ProviderSettings, kind: str, base_url: str | None) -> None:
    """Refuses a kind whose address accounts name, when it has none, or one that cannot or may not be called."""
    if wanted.ADDRESS is None:
        return
    url, field = getattr(wanted, wanted.ADDRESS), f"settings.{wanted.ADDRESS}"
    if url is None and base_url is None:
        raise InvalidRequest(f"{kind} needs {wanted.ADDRESS}, the address to call.", field=field)
    if url is None:
        return
    host = str(url.host).strip("[]")
    if url.username or url.password or not is_host(host):
        raise InvalidRequest(
            f"{wanted.ADDRESS} must name a host that can be looked up, without a user and a password.",
            field=field,
        )
    if base_url is None and names_private(host):
        raise InvalidRequest(
            f"{wanted.ADDRESS} is a private address, which is not called; use a public one, or have an operator allow "
            "it (PRIVATE_NETWORKS) or name it as base_url.",
            field=field,
        )


def _checked_url(caller: Caller, base_url: str | None, kind: str) -> str | None:
    if base_url is None:
        if KINDS[kind].settings.NEEDS_BASE_URL:
            raise InvalidRequest(
                f"A provider of the kind {kind} has no address of its own; an operator adds it with base_url.",
                field="base_url",
            )
        return None
    if ApiKey.is_of_account(caller.actor):
        raise Forbidden("base_url is named by operators, because it may lead into their network; leave it out.")
    return _http_url(base_url, is_whole=KINDS[kind].settings.ADDRESS is not None)


def _http_url(text: str, *, is_whole: bool) -> str:
    """Returns the address; InvalidRequest unless it is http or https with a host, without user, password and fragment.

    Only one that is called as it is, and not with a path behind it, may have a query.
    """
    try:
        url = URL(text)
        usable = url.scheme in ("http", "https") and is_host(url.host or "") and has_usable_port(text)
        usable = usable and not (url.fragment or url.user or url.password) and (is_whole or not url.query_string)
    except ValueError:
        usable = False
    if not usable or len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise InvalidRequest(
            "base_url must be an address like https://sms.example.com, without a user and a password.", field="base_url"
        )
    return text
