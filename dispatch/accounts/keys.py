"""API keys: made, listed and ended; every change leaves an audit event in its own transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidRequest, NotFound
from dispatch.formats.checks import checked_text
from dispatch.formats.json_row import plain, plain_all
from models.api_key import MOST_LIVE, SCOPES, ApiKey
from models.database import db, row, rows
from models.tenancy import owned_by

MOST_NAME = 200

_SHOWN = "id, account_id, name, prefix, scopes, created_at, last_used_at, revoked_at"


def issue_key(
    caller: Caller, *, operator: bool = False, name: str = "", scopes: Sequence[str] = SCOPES
) -> dict[str, Any]:
    """Makes an API key of the caller's account, or an operator's, and returns it with, this once, the key itself.

    Duplicate when two keys of the account with these scopes live already.
    """
    _check_scopes(scopes)
    name = checked_text(name, field="name", most=MOST_NAME) or ""
    account_id = None if operator else caller.one_account()
    if account_id is not None:
        account_with_id(account_id)
    with db.atomic():
        made = ApiKey.issue(account_id, name=name, scopes=tuple(scopes))
        if made is None:
            raise Duplicate(
                f"{MOST_LIVE} keys with these scopes live already, the one in use and its successor; revoke one first.",
                field="scopes",
            )
        caller.note("key.created", made["id"], account_id=account_id, scopes=made["scopes"])
    return plain(made)


def list_keys(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of keys, newest first, and how many there are; of no account (an operator asks), everybody's."""
    given = {"account": caller.account, "limit": page_size, "offset": (page - 1) * page_size}
    where = owned_by(caller.account)
    found = rows(
        f"""SELECT {_SHOWN} FROM api_key WHERE {where}
            ORDER BY created_at DESC, id LIMIT %(limit)s OFFSET %(offset)s""",
        given,
    )
    total = row(f"SELECT count(*) AS total FROM api_key WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]


def revoke_key(caller: Caller, key_id: UUID) -> None:
    """Ends a key at once; NotFound when there is no such live key, or it is another account's."""
    with db.atomic():
        ended = ApiKey.revoke(key_id, caller.account)
        if ended is None:
            raise NotFound("There is no live key with this id.")
        caller.note("key.revoked", key_id, account_id=ended["account_id"])


def _check_scopes(scopes: Sequence[str]) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        named = ", ".join(unknown[: len(SCOPES)]) or "none"
        raise InvalidRequest(f"Scopes are among {', '.join(SCOPES)}; given: {named[:MOST_NAME]}.", field="scopes")
