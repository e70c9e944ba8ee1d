"""Who may do what: every route requires an API key unless it is in the open list."""

from collections.abc import Mapping
from hmac import compare_digest
from uuid import UUID

from flask import Flask, current_app, g, request

from api.console.sessions import find_session
from api.http import request_id
from api.http.address import client_address
from api.http.connection import connect
from api.http.errors import KeyExpired, NotSignedIn, Unauthenticated
from api.http.rules import MAX_BODY_BYTES, RouteRules
from api.http.wrong_keys import WrongKeys
from config.settings import Settings
from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import Forbidden, InvalidRequest, NotFound
from models.api_key import ApiKey, KeyHolder
from models.console.session import SignedIn
from models.tenancy import ALL_ACCOUNTS, Tenant

# The name of the scheme in the OpenAPI document.
SCHEME = "api_key"
OPEN = frozenset(
    {
        "health.health",
        "health.live",
        "hooks.status",
        "hooks.inbound",
        "links.ask",
        "links.follow",
        "links.stop",
        "root",
        "openapi",
        "docs.page",
        "docs.start",
        "docs.static",
        "console.sign_in",
        "console.begin",
        "console.open_offer",
        "console.static",
    }
)
# A browser asks its user for the key with this; what is typed as the password is the key.
DASHBOARD = "rq_dashboard"
# Where a key is not needed by someone who has METRICS_TOKEN.
METRICS = "metrics.show"
_BASIC = 'Basic realm="operators", charset="UTF-8"'
# People sign in to it, so its requests come with a session instead of a key.
CONSOLE = "console"
# Where the application keeps the rules of its routes, and what it knows of wrong keys.
RULES = "route_rules"
WRONG_KEYS = "wrong_keys"


def caller() -> Caller:
    """Returns who sent the request being answered, as `dispatch` wants to know it."""
    found: Caller = g.caller
    return found


def holder() -> KeyHolder:
    """Returns the key that the request being answered came with."""
    found: KeyHolder = g.holder
    return found


def current_rules() -> RouteRules:
    """Returns the rules of the requested route; a page outside the API needs the scope to read."""
    rules: dict[str, RouteRules] = current_app.extensions[RULES]
    return rules.get(request.endpoint or "", RouteRules("read"))


def install(app: Flask, rules: Mapping[str, RouteRules], settings: Settings) -> None:
    """Requires a key for every route that is not open; `rules` says by endpoint what the key must allow."""
    app.extensions[RULES] = rules
    app.extensions[WRONG_KEYS] = wrong_keys = WrongKeys(settings)

    @app.before_request
    def authenticate() -> None:
        # Without an endpoint there is nothing to protect, and the router answers.
        if request.endpoint is None or request.endpoint in OPEN:
            return
        if request.endpoint == METRICS and _has_token(settings):
            return
        if request.blueprint == CONSOLE:
            _admit_signed_in(find_session(wrong_keys, passive=current_rules().passive))
            return
        on_dashboard = request.blueprint == DASHBOARD
        found = _find_holder(key := _key(basic=on_dashboard), wrong_keys)
        if found is None:
            refusal = KeyExpired if key and ApiKey.has_expired(key) else Unauthenticated
            raise refusal(challenge=_BASIC if on_dashboard else "Bearer")
        _admit(found, _account_asked_for(_account_of(found)))


def holder_of_key(key: str) -> KeyHolder:
    """Returns who holds the key that someone signs in with; a wrong one counts as it does anywhere else.

    Unauthenticated when it is not valid, KeyExpired when it was until its time came.
    """
    found = _find_holder(key, current_app.extensions[WRONG_KEYS])
    if found is None:
        raise (KeyExpired if key and ApiKey.has_expired(key) else Unauthenticated)
    return found


def caller_of(found: KeyHolder, account: Tenant) -> Caller:
    """Returns the holder of the key as `dispatch` wants to know them, in the request being answered."""
    return Caller(
        actor=f"key:{found.key_id}",
        account=account,
        scopes=frozenset(found.scopes),
        request_id=request_id.current(),
        idempotency_key=None,
    )


def _admit(found: KeyHolder, account: Tenant) -> None:
    g.holder, g.caller = found, caller_of(found, account)
    g.caller.require(current_rules().scope)
    if current_rules().operators_only and not found.operator:
        raise Forbidden("This is for operators; use an operator's key.")


def _admit_signed_in(found: SignedIn | None) -> None:
    """Lets a request of the console be made for the account that its session shows.

    Without a session its body is received nevertheless, unless it is a file, so that what was typed is not lost; its
    view does not run (`api/console/forms.py`).
    """
    if found is None:
        if current_rules().most_bytes > MAX_BODY_BYTES:
            raise NotSignedIn
        return
    g.signed_in = found
    own = None if found.operator else found.account_id
    key = KeyHolder(key_id=found.key_id, account_id=own, scopes=found.scopes, unmarked=False)
    _admit(key, ALL_ACCOUNTS if found.account_id is None else found.account_id)


def _account_of(found: KeyHolder) -> Tenant:
    return ALL_ACCOUNTS if found.account_id is None else found.account_id


def _has_token(settings: Settings) -> bool:
    wanted, given = settings.metrics_token, _key(basic=False)
    return bool(wanted and given and compare_digest(given.encode(), wanted.get_secret_value().encode()))


def _find_holder(key: str | None, wrong_keys: WrongKeys) -> KeyHolder | None:
    if not key:
        return None
    address = client_address()
    wrong_keys.check(address, key)
    connect()
    found = ApiKey.holder(key)
    if found is None:
        wrong_keys.count(address)
    elif found.unmarked:
        wrong_keys.remember(key)
    return found


def _key(*, basic: bool) -> str | None:
    given = request.authorization
    if given is None:
        return None
    if given.type == "bearer":
        return given.token
    return given.password if basic and given.type == "basic" else None


def _account_asked_for(own: Tenant) -> Tenant:
    """Returns the key's own account, or the one that an operator names; any other is not found."""
    named = request.args.get("organization_id")
    if named is None:
        return own
    if not named:
        # A script whose variable is empty meant one account, not all of them.
        raise InvalidRequest("organization_id is empty; name an account, or leave it out.", field="organization_id")
    try:
        account_id = UUID(named)
    except ValueError:
        raise NotFound("There is no such account.") from None
    if own is ALL_ACCOUNTS:
        return account_with_id(account_id).id
    if account_id != own:
        raise NotFound("There is no such account.")
    return own
