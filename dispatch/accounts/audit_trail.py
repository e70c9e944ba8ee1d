"""The audit trail as people read it: who changed what, when, asked for by which request."""

from typing import Any

from dispatch.caller import Caller
from dispatch.formats.json_row import plain_all
from models.database import row, rows
from models.tenancy import owned_by


def list_events(
    caller: Caller,
    *,
    page: int = 1,
    page_size: int = 20,
    action: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    request_id: str | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """One page of events, newest first, and how many there are; without an account (an operator), everybody's."""
    given: dict[str, Any] = {
        "action": action,
        "actor": actor,
        "subject": subject,
        "request_id": request_id,
    }
    where = " AND ".join(f"{column} = %({column})s" for column, value in given.items() if value is not None)
    where = f"{owned_by(caller.account)}{' AND ' if where else ''}{where}"
    given["account"] = caller.account
    found = rows(
        f"""SELECT id, account_id, actor, action, subject, details, request_id, at FROM audit_event WHERE {where}
            ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s""",
        {**given, "limit": page_size, "offset": (page - 1) * page_size},
    )
    total = row(f"SELECT count(*) AS total FROM audit_event WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]
