"""API keys: issued, listed and revoked; every change leaves an audit event in its own transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from psycopg.errors import CheckViolation
from pydantic import Field, WithJsonSchema

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import MAX_NAMED, Duplicate, Forbidden, InvalidRequest, NotFound
from dispatch.formats.checks import checked_text, checked_time
from dispatch.formats.view import Time, View
from models.api_key import MAX_LIVE, SCOPES, ApiKey, IssuedKey
from models.database import db
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

MAX_NAME = 200

Scope = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SCOPES)})]


class KeyView(View):
    """A key as listed: its prefix, never the secret."""

    id: UUID
    account_id: UUID | None
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: Time
    created_by: str | None = Field(description="who made it; keys made with an account's key are the same person's")
    last_used_at: Time | None = Field(description="at most a minute behind")
    revoked_at: Time | None
    expires_at: Time | None = Field(description="it is no longer valid from then on; null: until it is revoked")


class IssuedKeyView(KeyView):
    """The key itself is in this answer and nowhere else; null when the answer is repeated."""

    key: Annotated[str, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]})]


def holder_of(caller: Caller, key: str) -> Caller | None:
    """Returns who holds this live key, to act in the same request with their rights only; None if there is no such key.

    Having the key is the proof: the caller needs no right of their own.
    """
    found = ApiKey.holder(key)
    if found is None:
        return None
    return Caller(
        actor=f"key:{found.key_id}",
        account=ALL_ACCOUNTS if found.account_id is None else found.account_id,
        scopes=frozenset(found.scopes),
        request_id=caller.request_id,
        idempotency_key=None,
    )


def issue_key(
    caller: Caller,
    *,
    operator: bool = False,
    name: str = "",
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
) -> IssuedKeyView:
    """Issues a key of the caller's account, or an operator's, and returns it with, this once, the key itself.

    Forbidden when the caller lacks one of the scopes; Duplicate when two keys of the account with these scopes are
    live; InvalidRequest when `expires_at` has passed, has no zone, or is after the end of the caller's own key. Without
    it the key expires with the caller's own, if that does. A key that is made with a key of the account counts as the
    same person's (docs/approval.md).
    """
    _check_scopes(scopes)
    _check_may_give(caller, scopes)
    expires_at = checked_time(expires_at, field="expires_at")
    _check_does_not_outlive(caller, expires_at)
    name = checked_text(name, field="name", most=MAX_NAME) or ""
    account_id = None if operator else caller.one_account()
    if account_id is not None:
        account_with_id(account_id)
    try:
        made = _issue(caller, account_id, name, tuple(scopes), expires_at)
    except CheckViolation:
        # Times are judged by PostgreSQL's clock, and so by its constraint.
        raise InvalidRequest("expires_at must be in the future.", field="expires_at") from None
    return IssuedKeyView(**dict(KeyView.model_validate(made.row)), key=made.secret)


def _issue(
    caller: Caller, account_id: UUID | None, name: str, scopes: tuple[str, ...], expires_at: datetime | None
) -> IssuedKey:
    with db.atomic():
        made = ApiKey.issue(account_id, name=name, scopes=scopes, created_by=caller.actor, expires_at=expires_at)
        if made is None:
            raise Duplicate(
                f"{MAX_LIVE} keys with these scopes are live, the one in use and its successor; revoke one first.",
                field="scopes",
            )
        end = {"expires_at": made.row.expires_at.isoformat()} if made.row.expires_at else {}
        caller.note("key.created", made.row.id, account_id=account_id, scopes=made.row.scopes, **end)
    return made


def list_keys(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[KeyView]:
    """Returns one page of the keys that the caller sees, newest first; operators without an account see all keys."""
    return ApiKey.page(caller.account, page=page, page_size=page_size).map(KeyView.model_validate)


def read_key(caller: Caller, key_id: UUID) -> KeyView:
    """Returns a live key; NotFound when there is none with this id, or it is another account's."""
    found = ApiKey.live_called(str(key_id), caller.account)
    if not found:
        raise NotFound("There is no live key with this id.")
    return KeyView.model_validate(found[0])


def key_called(caller: Caller, text: str) -> UUID:
    """Returns the id of the live key with this id, name or prefix; NotFound for none, InvalidRequest for several."""
    found = ApiKey.live_called(text, caller.account)
    if not found:
        raise NotFound("There is no live key with this id, prefix or name.")
    if len(found) > 1:
        ids = ", ".join(str(key.id) for key in found[:MAX_NAMED])
        raise InvalidRequest(f"{len(found)} live keys are called that; choose one by its id: {ids}.", field="key")
    return found[0].id


def revoke_key(caller: Caller, key_id: UUID) -> None:
    """Ends a key at once; NotFound when it is not live (revoked, expired), or is another account's."""
    with db.atomic():
        ended = ApiKey.revoke(key_id, caller.account)
        if ended is None:
            raise NotFound("There is no live key with this id.")
        caller.note("key.revoked", key_id, account_id=ended.account_id)


def _check_may_give(caller: Caller, scopes: Sequence[str]) -> None:
    if missing := [scope for scope in SCOPES if scope in scopes and scope not in caller.scopes]:
        scope, them = ("scope", "it") if len(missing) == 1 else ("scopes", "them")
        raise Forbidden(
            f"This API key lacks the {scope} {', '.join(missing)}, so it cannot make a key that has {them}; leave "
            f"{them} out, or have an operator make the key.",
            scopes=missing,
        )


def _check_does_not_outlive(caller: Caller, expires_at: datetime | None) -> None:
    end = ApiKey.end_of(caller.actor)
    if expires_at is not None and end is not None and expires_at > end:
        raise InvalidRequest(
            f"expires_at is after {end.isoformat()}, when the API key that makes this one expires; choose a time until "
            "then, or have an operator make the key.",
            field="expires_at",
        )


def _check_scopes(scopes: Sequence[str]) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        named = ", ".join(unknown[: len(SCOPES)]) or "none"
        raise InvalidRequest(f"Scopes are among {', '.join(SCOPES)}; given: {named[:MAX_NAME]}.", field="scopes")
