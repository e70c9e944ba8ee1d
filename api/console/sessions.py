"""Who is signed in to the console: a cookie names a session, which stands for the API key it was begun with.

The cookie is also what the tokens of forms are made from (`csrf_token`), so someone who is not signed in yet has one
too; it begins with another letter and is never looked up.
"""

import hmac
import re
import secrets
from uuid import UUID

from flask import g, request
from werkzeug.wrappers import Response

from api.http.address import client_address
from api.http.connection import connect
from api.http.wrong_keys import WrongKeys
from config.settings import settings
from models.console.session import ConsoleSession, SignedIn

COOKIE = "console"
# A browser takes a cookie of this name only from this host, over TLS and for all of its paths.
SECURE_COOKIE = f"__Host-{COOKIE}"
_SESSION, _STRANGER = "s.", "a."
_VALUE = re.compile(r"[sa]\.[A-Za-z0-9_-]{43}")


def find_session(wrong_keys: WrongKeys, *, passive: bool) -> SignedIn | None:
    """Returns who is signed in, if anyone is; an unknown session counts as a wrong key.

    `passive` is a request that a page makes by itself: it does not keep the session from ending.
    """
    value = cookie()
    if not value.startswith(_SESSION):
        return None
    address = client_address()
    wrong_keys.check(address, value)
    connect()
    found = ConsoleSession.find(_token(value), idle_minutes=settings().console_idle_minutes)
    if found is None:
        wrong_keys.count(address)
    elif found.unmarked and not passive:
        ConsoleSession.mark(_token(value), found.key_id)
        wrong_keys.remember(value)
    return found


def still_signed_in(value: str) -> bool:
    """Returns whether the session of this cookie goes on, for a stream that was opened with it."""
    return ConsoleSession.find(_token(value), idle_minutes=settings().console_idle_minutes) is not None


def begin_session(key_id: UUID, account_id: UUID | None) -> None:
    """Signs the browser in with a new id; whatever session it had before has ended."""
    end_session()
    token = ConsoleSession.begin(key_id, account_id=account_id, hours=settings().console_session_hours)
    g.console_cookie = f"{_SESSION}{token}"
    # The answer to this request already shows who is signed in.
    g.signed_in = ConsoleSession.find(token, idle_minutes=settings().console_idle_minutes)


def end_session() -> None:
    """Ends the browser's session, if it has one; its forms no longer count."""
    if cookie().startswith(_SESSION):
        ConsoleSession.end(_token(cookie()))
    g.console_cookie = f"{_STRANGER}{secrets.token_urlsafe(32)}"


def choose_account(account_id: UUID) -> None:
    """Makes the pages of an operator's session show this account."""
    ConsoleSession.choose(_token(cookie()), account_id)


def cookie() -> str:
    """Returns the value of the browser's cookie; a new one if it has none that is ours."""
    if "console_cookie" not in g:
        given = request.cookies.get(SECURE_COOKIE if _over_tls() else COOKIE, "")
        g.console_cookie = given if _VALUE.fullmatch(given) else f"{_STRANGER}{secrets.token_urlsafe(32)}"
    return str(g.console_cookie)


def csrf_token() -> str:
    """Returns what every form of this browser has to come with; a page of another origin cannot know it."""
    return hmac.digest(cookie().encode(), b"a form of the console", "sha256").hex()


def set_cookie(response: Response) -> Response:
    """Sets the browser's cookie, unless it has it; it ends with the browser, and no script reads it."""
    secure = _over_tls()
    name = SECURE_COOKIE if secure else COOKIE
    if request.cookies.get(name) != cookie():
        response.set_cookie(name, cookie(), path="/", secure=secure, httponly=True, samesite="Lax")
    return response


def _over_tls() -> bool:
    """Returns whether the browser asked over TLS, which may end at a proxy.

    A header that a stranger writes changes only the attributes of their own cookie, so it is believed.
    """
    public = str(settings().public_url or "")
    return (
        request.is_secure
        or request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip() == "https"
        or (public.partition("/")[0] == "https:" and public.split("/")[2] == request.host)
    )


def _token(value: str) -> str:
    return value.partition(".")[2]
