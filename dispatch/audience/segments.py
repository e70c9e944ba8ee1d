"""An account's segments: stored filters over its customers, and whom one selects right now.

What a filter may say is `filter.py`, how it becomes SQL `filter_sql.py`. (The segments of an SMS, which are
its parts, are `texts/sms.py`.)
"""

from typing import Any
from uuid import UUID

import psycopg

from dispatch.audience.filter import Group
from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidStatus, NotFound
from dispatch.formats.checks import can_be_id, checked_name
from models.database import db, row, rows
from models.segment import Segment
from models.tenancy import owned_by


def create_segment(caller: Caller, *, name: str, filter: Group) -> dict[str, Any]:
    """Stores a segment and gives it as shown; Duplicate when the name is taken."""
    with db.atomic():
        made = Segment.add(caller.one_account(), name=checked_name(name), filter=filter.model_dump(mode="json"))
        if made is None:
            raise _taken()
        _note(caller, "segment.created", made)
    return _shown(made)


def read_segment(caller: Caller, segment_id: int) -> dict[str, Any]:
    """The segment as shown; without an account (an operator), anybody's."""
    return _shown(_found(caller, segment_id))


def list_segments(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of segments, newest first, and how many there are in all."""
    where = owned_by(caller.account)
    given = {"account": caller.account, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(f"SELECT * FROM segment WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given)
    total = row(f"SELECT count(*) AS total FROM segment WHERE {where}", given)
    assert total is not None
    return [_shown(segment) for segment in found], total["total"]


def edit_segment(
    caller: Caller, segment_id: int, *, name: str | None = None, filter: Group | None = None
) -> dict[str, Any]:
    """Changes its name or filter and gives it as shown; a campaign that was started keeps the filter it had."""
    before = _found(caller, segment_id)
    if name is None and filter is None:
        return _shown(before)
    new_name = None if name is None else checked_name(name)
    new_filter = filter.model_dump(mode="json") if filter else None
    try:
        with db.atomic():
            edited = Segment.edit(segment_id, name=new_name, filter=new_filter)
            if edited is None:
                raise _missing()
            _note(caller, "segment.changed", edited)
    except psycopg.errors.UniqueViolation:
        raise _taken() from None
    return _shown(edited)


def delete_segment(caller: Caller, segment_id: int) -> None:
    """Deletes a segment; InvalidStatus while a campaign is still to be started with it."""
    segment = _found(caller, segment_id)
    try:
        with db.atomic():
            if not Segment.remove(segment_id):
                raise _missing()
            _note(caller, "segment.deleted", segment)
    except psycopg.errors.CheckViolation:
        # The table decides, so that a campaign written in this moment is not left without an audience.
        raise InvalidStatus("A campaign that has not started yet is for this segment.", segment_id=segment_id) from None


def check_segment(account_id: UUID, segment_id: int | None) -> None:
    """Refuses a segment that is not the account's, and keeps any other until the transaction is over."""
    if segment_id is None:
        return
    known = "SELECT 1 FROM segment WHERE account_id = %s AND id = %s FOR KEY SHARE"
    if not can_be_id(segment_id) or row(known, [account_id, segment_id]) is None:
        raise _missing()


def segment_called(caller: Caller, name: str) -> int:
    """The id of the account's segment of this name; NotFound when there is none."""
    found = row(
        "SELECT id FROM segment WHERE account_id = %s AND name = %s", [caller.one_account(), checked_name(name)]
    )
    if found is None:
        raise NotFound(f"There is no segment called {name.strip()!r}.")
    return found["id"]


def _found(caller: Caller, segment_id: int) -> dict[str, Any]:
    segment = Segment.find(segment_id, caller.account) if can_be_id(segment_id) else None
    if segment is None:
        raise _missing()
    return segment


def _missing() -> NotFound:
    return NotFound("There is no such segment.")


def _taken() -> Duplicate:
    return Duplicate("There is already a segment of this name.", field="name")


def _note(caller: Caller, action: str, segment: dict[str, Any]) -> None:
    caller.note(action, segment["id"], account_id=segment["account_id"])


def _shown(segment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": segment["id"],
        "account_id": str(segment["account_id"]),
        "name": segment["name"],
        "filter": segment["filter"],
        "created_at": segment["created_at"].isoformat(),
        "updated_at": segment["updated_at"].isoformat(),
    }
