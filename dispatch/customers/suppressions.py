"""The numbers an account must not message, whoever asked for it; the claim of every message looks here.

Files of them are `suppression_files.py`.
"""

from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import NotFound
from dispatch.formats.checks import checked_name
from dispatch.formats.json_row import plain, plain_all
from dispatch.formats.phones import normalise
from models.customer import OPTED_OUT, Suppression
from models.database import db, row, rows
from models.tenancy import owned_by

_SHOWN = "id, account_id, phone, reason, source, created_at"


def add_suppression(
    caller: Caller, *, phone: str, reason: str = OPTED_OUT, source: str = ""
) -> tuple[dict[str, Any], bool]:
    """Keeps the account from messaging this number, from the next claim on; the row, and whether it is new."""
    account_id = caller.one_account()
    number = normalise(phone, account_with_id(account_id)["country"])
    reason = checked_name(reason, field="reason")
    with db.atomic():
        made = Suppression.add(account_id, number, reason=reason, source=source)
        if made:
            _note(caller, "suppression.added", made["id"], account_id)
    found = made or row(f"SELECT {_SHOWN} FROM suppression WHERE account_id = %s AND phone = %s", [account_id, number])
    if found is None:  # removed by another between the two statements
        raise NotFound("There is no such suppression.")
    return plain(found), made is not None


def list_suppressions(
    caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """One page of suppressions, newest first, and how many there are in all; `q` is part of a phone or reason."""
    where = f"""{owned_by(caller.account)}
               AND (%(q)s::text IS NULL OR strpos(phone, %(q)s) > 0 OR strpos(lower(reason), lower(%(q)s)) > 0)"""
    given = {"account": caller.account, "q": q or None, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        f"SELECT {_SHOWN} FROM suppression WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given
    )
    total = row(f"SELECT count(*) AS total FROM suppression WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]


def suppression_of(caller: Caller, phone: str) -> int:
    """The id of the suppression of this number; NotFound when there is none."""
    account_id = caller.one_account()
    number = normalise(phone, account_with_id(account_id)["country"])
    found = row("SELECT id FROM suppression WHERE account_id = %s AND phone = %s", [account_id, number])
    if found is None:
        raise NotFound("This number is not suppressed.")
    return found["id"]


def remove_suppression(caller: Caller, suppression_id: int) -> None:
    """Lets the account message this number again; a customer who is unsubscribed stays so."""
    with db.atomic():
        removed = row(
            f"DELETE FROM suppression WHERE id = %(id)s AND {owned_by(caller.account)} RETURNING account_id, reason",
            {"id": suppression_id, "account": caller.account},
        )
        if removed is None:
            raise NotFound("There is no such suppression.")
        owner = removed["account_id"]
        _note(caller, "suppression.removed", suppression_id, owner, reason=removed["reason"])


def _note(caller: Caller, action: str, subject: object, account_id: UUID, **details: Any) -> None:
    caller.note(action, subject, account_id=account_id, **details)
