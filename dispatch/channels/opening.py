"""Opens a provider's row: unseals its credentials and reads its settings, as its kind describes them."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from config.settings import Settings
from dispatch.errors import InvalidRequest, ProviderNotConfigured
from dispatch.formats.checks import in_words
from dispatch.providers import Kind
from dispatch.providers.kinds import KINDS
from dispatch.providers.link import Link, ProviderSettings, hooks_of
from dispatch.providers.sealing import unseal
from dispatch.providers.sessions import LazySession
from models.providers.provider import Provider


class Sessions:
    """The two sessions of one event loop: one that reaches any address, one that reaches no private one."""

    def __init__(self, *, connections: int, timeout: float) -> None:
        self.open = LazySession(connections=connections, timeout=timeout)
        self.guarded = LazySession(connections=connections, timeout=timeout, guarded=True)

    async def close(self) -> None:
        """Closes the connections of both."""
        await self.open.close()
        await self.guarded.close()


def opened(provider: Provider, sessions: Sessions, settings: Settings) -> Kind:
    """Returns what calls the provider; ProviderNotConfigured when its credentials cannot be opened."""
    kind = KINDS.get(provider.kind)
    if kind is None:
        raise ProviderNotConfigured(f"This release knows no providers of the kind {provider.kind}.")
    credentials: Mapping[str, str] = {}
    if provider.sealed is not None:
        keys = settings.provider_keys
        credentials = unseal(provider.sealed, account_id=provider.account_id, kind=provider.kind, keys=keys)
    try:
        given = read_settings(provider.kind, {**provider.settings, **credentials})
    except InvalidRequest as incomplete:
        # A removed provider whose credentials were forgotten.
        raise ProviderNotConfigured(incomplete.message) from None
    return kind.open(given, link_of(provider, sessions, settings))


def link_of(provider: Provider, sessions: Sessions, settings: Settings) -> Link:
    """Returns how the provider is reached, and how it reaches us."""
    hooks = hooks_of(settings, provider.kind, provider.id, provider.account_id)
    return Link(
        name=provider.label,
        # An address that an operator named may be private; every other call is guarded.
        http=sessions.open if provider.base_url else sessions.guarded,
        base_url=provider.base_url,
        hooks_url=hooks.url,
        hook_keys=hooks.keys,
        timeout=settings.provider_timeout_sec,
    )


def read_settings(kind: str, given: Mapping[str, Any]) -> ProviderSettings:
    """Returns the settings of a kind; InvalidRequest names what is missing, wrong or unknown, but no value."""
    described = KINDS[kind].settings
    try:
        return described.model_validate(dict(given))
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        sentence = _sentence(kind, described, field, first["type"], in_words(first))
        raise InvalidRequest(sentence, field=f"settings.{field[:60]}" if field else "settings") from None


def sealed_and_shown(settings: ProviderSettings) -> tuple[dict[str, str], dict[str, Any]]:
    """Returns the credentials, which are to be sealed, and everything else; what was not given is left out."""
    given = settings.model_dump(by_alias=True, exclude_unset=True)
    secrets = {name: value.get_secret_value() for name, value in given.items() if isinstance(value, SecretStr)}
    shown = settings.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    return secrets, {name: value for name, value in shown.items() if name not in secrets}


def _sentence(kind: str, described: type[ProviderSettings], field: str, problem: str, message: str) -> str:
    known = ", ".join(described.names())
    match problem:
        case "missing":
            return f"{kind} needs {field}; its settings are {known}."
        case "extra_forbidden":
            return f"{kind} has no setting {field[:60]!r}; its settings are {known or 'none'}."
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long":
            message = f"must be {asked}" if (asked := described.asks(field)) else message
    return f"{field}: {message[0].lower()}{message[1:]}." if field else f"{message}."
