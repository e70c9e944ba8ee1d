"""Signing in with an API key, which is checked as the API checks it, and signing out."""

from uuid import UUID

from flask import Response, current_app, request

from api.console import forms, sessions
from api.console.blueprint import console
from api.console.refusals import ask_for_key
from api.console.rendering import page
from api.http.address import client_address
from api.http.auth import WRONG_KEYS, caller_of, holder_of_key
from api.http.connection import connect
from api.http.errors import KeyExpired, NotSignedIn, Unauthenticated
from dispatch.accounts.accounts import account_with_id
from dispatch.errors import NotFound
from models.api_key import KeyHolder
from models.console.session import ConsoleSession
from models.database import db
from models.tenancy import ALL_ACCOUNTS

OFFER_IS_OVER = "This address has signed a browser in already, or is too old. Make another one, or sign in with a key."


class NotAKey(NotSignedIn):
    """This is not a valid API key; look whether all of it was pasted."""


class ExpiredKey(NotSignedIn):
    """This API key has expired; sign in with another one."""


@console.page("/sign-in", without_account=True)
def sign_in() -> Response:
    """Asks for a key."""
    return ask_for_key()


@console.form("/sign-in", scope="read", without_account=True)
def begin() -> Response:
    """Signs in, and leads to what was asked for before or brings back what was typed; the key itself is not kept."""
    held = forms.held_form()
    found = _holder(forms.sent().get("key", "").strip())
    caller_of(found, ALL_ACCOUNTS).require("read", because="Pages are read.")
    chosen = _account_of(held) if held and found.operator else None
    with db.atomic():
        _sign_in(found, chosen)
    if held and held.resumes:
        return page("resume.html", title="You are signed in again", held=held)
    return forms.lead_to(held.page if held else forms.page_of_form())


@console.page("/open", without_account=True)
def open_offer() -> Response:
    """Signs in the browser that comes first with the address that `key console` printed."""
    offer = request.args.get("offer", "")
    # What only looks at the address, as chats and virus scanners do, must not use it up.
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return ask_for_key()
    wrong_keys, address = current_app.extensions[WRONG_KEYS], client_address()
    wrong_keys.check(address, offer)
    connect()
    with db.atomic():
        found = ConsoleSession.take_up(offer)
        if found:
            _sign_in(found, None)
    if found is None:
        wrong_keys.count(address)
        answer = ask_for_key(OFFER_IS_OVER)
        answer.status_code = 410
        return answer
    return forms.lead_to(forms.START)


@console.form("/sign-out", scope="read", without_account=True)
def sign_out() -> Response:
    """Ends the session; what other tabs still show cannot be sent any more."""
    sessions.end_session()
    return forms.lead_to(f"{forms.START}/sign-in?done=signed-out")


def _sign_in(found: KeyHolder, chosen: UUID | None) -> None:
    """Begins a session of the key, for an operator in the chosen account; the caller has a transaction open."""
    sessions.begin_session(found.key_id, chosen)
    account = found.account_id or chosen
    caller_of(found, account or ALL_ACCOUNTS).note("console.signed_in", found.key_id, account_id=account)


def _holder(key: str) -> KeyHolder:
    try:
        return holder_of_key(key)
    except KeyExpired:
        raise ExpiredKey from None
    except Unauthenticated:
        raise NotAKey from None


def _account_of(held: forms.Held) -> UUID | None:
    """Returns the account that an operator's form was made for, if there is still one."""
    try:
        return account_with_id(UUID(held.account)).id
    except (ValueError, NotFound):
        return None
