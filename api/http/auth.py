"""Who may do what: every route asks for an API key unless it is in the open list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, current_app, g, request

from api.http.connection import connect
from api.http.errors import Forbidden, Unauthenticated
from dispatch.accounts.accounts import account_with_id
from dispatch.errors import InvalidRequest, NotFound
from models.api_key import ApiKey

# The name of the scheme in the OpenAPI document.
SCHEME = "api_key"
OPEN = frozenset({"health.health", "health.live", "openapi", "docs.page", "docs.start", "docs.static"})
# A browser asks its user for the key with this; what is typed as the password is the key.
DASHBOARD = "rq_dashboard"
_BASIC = 'Basic realm="operators", charset="UTF-8"'
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of the key of this request, and the account it is about (None: an operator asks about all)."""

    key_id: UUID
    operator: bool
    account_id: UUID | None
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the audit trail names the caller."""
        return f"key:{self.key_id}"

    def require(self, scope: str) -> None:
        """Refuses when the key was not given this scope."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key may not {scope}; use one with the scope {scope}.", scope=scope)

    def one_account(self) -> UUID:
        """The account to which something is added; an operator has to name it."""
        if self.account_id is None:
            raise InvalidRequest(
                "An operator's key belongs to no account; name one with ?organization_id=<id>.",
                field="organization_id",
            )
        return self.account_id


def caller() -> Caller:
    """Who sent the request being answered."""
    return g.caller


def needs(scope: str) -> Callable[[View], View]:
    """Marks a route as needing this scope instead of the one its method implies."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def operators(view: View) -> View:
    """Marks a route as one for operators' keys."""
    view.operators = True  # type: ignore[attr-defined]
    return view


def scope_asked_for() -> str:
    """The scope that the route being asked for needs."""
    assert request.endpoint
    implied = "read" if request.method in _READING else "write"
    return getattr(current_app.view_functions[request.endpoint], "scope", implied)


def install(app: Flask) -> None:
    """Asks for a key before every route that is not open."""

    @app.before_request
    def authenticate() -> None:
        # Without an endpoint there is nothing to protect, and the router answers.
        if request.endpoint is None or request.endpoint in OPEN:
            return
        on_dashboard = request.blueprint == DASHBOARD
        holder = _holder(_key(basic=on_dashboard))
        if holder is None:
            raise Unauthenticated(challenge=_BASIC if on_dashboard else "Bearer")
        g.caller = Caller(
            key_id=holder["id"],
            operator=holder["account_id"] is None,
            account_id=_account_asked_for(holder["account_id"]),
            scopes=frozenset(holder["scopes"]),
        )
        g.caller.require(scope_asked_for())
        if hasattr(current_app.view_functions[request.endpoint], "operators") and not g.caller.operator:
            raise Forbidden("This is for operators' keys.")


def _holder(key: str | None) -> dict[str, Any] | None:
    if not key:
        return None
    connect()
    return ApiKey.holder(key)


def _key(*, basic: bool) -> str | None:
    given = request.authorization
    if given is None:
        return None
    if given.type == "bearer":
        return given.token
    return given.password if basic and given.type == "basic" else None


def _account_asked_for(own: UUID | None) -> UUID | None:
    """The key's own account, or the one an operator names; any other is not found, as if it never was."""
    named = request.args.get("organization_id")
    if not named:
        return own
    try:
        account_id = UUID(named)
    except ValueError:
        raise NotFound("There is no such account.") from None
    if own is None:
        return account_with_id(account_id)["id"]
    if account_id != own:
        raise NotFound("There is no such account.")
    return own
