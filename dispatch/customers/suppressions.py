"""The numbers an account must not message, whoever asked for it; the claim of every message looks here.

Files of them are `suppression_files.py`.
"""

from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import account_with_id
from dispatch.errors import NotFound
from dispatch.formats.checks import checked_name
from dispatch.formats.json_row import plain, plain_all
from dispatch.formats.phones import normalise
from models.audit_event import AuditEvent
from models.customer import OPTED_OUT, Suppression
from models.database import db, row, rows

_SHOWN = "id, account_id, phone, reason, source, created_at"
_MINE = "id = %(id)s AND account_id = coalesce(%(account)s, account_id)"


def add_suppression(
    account_id: UUID,
    *,
    phone: str,
    reason: str = OPTED_OUT,
    source: str = "",
    actor: str = "operator",
    request_id: str | None = None,
) -> tuple[dict[str, Any], bool]:
    """Keeps the account from messaging this number, from the next claim on; the row, and whether it is new."""
    number = normalise(phone, account_with_id(account_id)["country"])
    reason = checked_name(reason, field="reason")
    with db.atomic():
        made = Suppression.add(account_id, number, reason=reason, source=source)
        if made:
            _note("suppression.added", made["id"], account_id, actor, request_id)
    found = made or row(f"SELECT {_SHOWN} FROM suppression WHERE account_id = %s AND phone = %s", [account_id, number])
    if found is None:  # removed by another between the two statements
        raise NotFound("There is no such suppression.")
    return plain(found), made is not None


def list_suppressions(
    account_id: UUID | None, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """One page of suppressions, newest first, and how many there are in all; `q` is part of a phone or reason."""
    where = """account_id = coalesce(%(account)s, account_id)
               AND (%(q)s::text IS NULL OR strpos(phone, %(q)s) > 0 OR strpos(lower(reason), lower(%(q)s)) > 0)"""
    given = {"account": account_id, "q": q or None, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        f"SELECT {_SHOWN} FROM suppression WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given
    )
    total = row(f"SELECT count(*) AS total FROM suppression WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]


def suppression_of(account_id: UUID, phone: str) -> int:
    """The id of the suppression of this number; NotFound when there is none."""
    number = normalise(phone, account_with_id(account_id)["country"])
    found = row("SELECT id FROM suppression WHERE account_id = %s AND phone = %s", [account_id, number])
    if found is None:
        raise NotFound("This number is not suppressed.")
    return found["id"]


def remove_suppression(
    suppression_id: int, *, account_id: UUID | None = None, actor: str = "operator", request_id: str | None = None
) -> None:
    """Lets the account message this number again; a customer who is unsubscribed stays so."""
    with db.atomic():
        removed = row(
            f"DELETE FROM suppression WHERE {_MINE} RETURNING account_id, reason",
            {"id": suppression_id, "account": account_id},
        )
        if removed is None:
            raise NotFound("There is no such suppression.")
        owner = removed["account_id"]
        _note("suppression.removed", suppression_id, owner, actor, request_id, reason=removed["reason"])


def _note(action: str, subject: object, account_id: UUID, actor: str, request_id: str | None, **details: Any) -> None:
    AuditEvent.note(action, subject, account_id=account_id, actor=actor, request_id=request_id, **details)
