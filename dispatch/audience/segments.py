"""An account's segments: filters over its customers, stored under a name.

`filter.py` says what a filter may contain, `filter_sql.py` turns it into SQL, `previews.py` shows who it selects. (The
segments of an SMS, which are its parts, are in `texts/sms.py`.)
"""

from uuid import UUID

import psycopg
from pydantic import Field

from dispatch.audience.filter import Group, read_filter
from dispatch.audience.filter_account import FilterWarningView, fit, never_seen, unknown_attributes
from dispatch.caller import Caller
from dispatch.errors import DispatchError, Duplicate, InvalidStatus, NotFound
from dispatch.formats.checks import can_be_id, checked_name
from dispatch.formats.searches import search_of
from dispatch.formats.view import Time, View
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.awaiting import lock_source
from models.customers.attributes import noted_names
from models.database import db
from models.page import Page
from models.segment import Segment


class SegmentView(View):
    """A filter over an account's customers, stored under a name."""

    id: int
    account_id: UUID
    name: str
    filter: Group
    created_at: Time
    updated_at: Time
    warnings: list[FilterWarningView] = Field([], description="attributes in the filter that no customer has")


def create_segment(caller: Caller, *, name: str, filter: Group) -> SegmentView:
    """Stores a segment, its phones in E.164, its lists by their ids and its attributes as customers have them.

    Duplicate when the name is taken; NotFound when the account has no such list or campaign. An attribute that no
    customer has is a warning.
    """
    name, account_id = checked_name(name), caller.one_account()
    fitted = fit(filter, account_id)
    try:
        with db.atomic():
            made = Segment.add(account_id, name=name, filter=fitted.filter.model_dump(mode="json"))
            if made is None:
                raise _taken()
            _note(caller, "segment.created", made)
    except psycopg.errors.ForeignKeyViolation:
        raise _just_deleted() from None
    return _checked_view(made, fitted.warnings)


def read_segment(caller: Caller, segment_id: int) -> SegmentView:
    """Returns the segment; NotFound when it is not the caller's to see."""
    return _with_warnings(_found(caller, segment_id))


def list_segments(caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None) -> Page[SegmentView]:
    """Returns one page of segments, newest first, with warnings of attributes that no customer ever had.

    `q` are words of their names, or parts of them.
    """
    found = Segment.page(caller.account, page=page, page_size=page_size, q=search_of(q))
    names = {account_id: noted_names(account_id) for account_id in {each.account_id for each in found.rows}}
    return found.map(lambda each: _checked_view(each, never_seen(read_filter(each.filter), names[each.account_id])))


def edit_segment(
    caller: Caller, segment_id: int, *, name: str | None = None, filter: Group | None = None
) -> SegmentView:
    """Changes the name or the filter; campaigns that have started keep the filter they had.

    While a campaign with this segment starts by itself, another filter takes the scope `send`, as changing the campaign
    does.
    """
    if name is None and filter is None:
        return read_segment(caller, segment_id)
    new_name = checked_name(name) if name is not None else None
    fitted = fit(filter, _found(caller, segment_id).account_id) if filter else None
    try:
        with db.atomic():
            # A campaign that is being scheduled for it then comes first, or waits.
            if "send" not in caller.scopes:
                lock_source("segment", _checked(segment_id))
            edited = Segment.edit(
                _checked(segment_id),
                caller.account,
                name=new_name,
                filter=fitted.filter.model_dump(mode="json") if fitted else None,
                may_send="send" in caller.scopes,
            )
            if edited is None:
                raise _why_not(caller, segment_id)
            _note(caller, "segment.changed", edited)
    except psycopg.errors.UniqueViolation:
        raise _taken() from None
    except psycopg.errors.ForeignKeyViolation:
        raise _just_deleted() from None
    return _checked_view(edited, fitted.warnings) if fitted else _with_warnings(edited)


def _found(caller: Caller, segment_id: int) -> Segment:
    found = Segment.find(_checked(segment_id), caller.account)
    if found is None:
        raise _missing()
    return found


def _with_warnings(segment: Segment) -> SegmentView:
    return _checked_view(segment, unknown_attributes(read_filter(segment.filter), segment.account_id))


def delete_segment(caller: Caller, segment_id: int) -> None:
    """Deletes a segment; InvalidStatus while it is the audience of a campaign that has not started."""
    try:
        with db.atomic():
            AudiencePart.let_go(_checked(segment_id))
            removed = Segment.remove(_checked(segment_id), caller.account)
            if removed is None:
                raise _missing()
            _note(caller, "segment.deleted", removed)
    except psycopg.errors.CheckViolation:
        # The table decides, so that a campaign created at this moment is not left without an audience.
        raise InvalidStatus(
            "A campaign that has not started is for this segment; start, change or delete it first.",
            segment_id=segment_id,
        ) from None


def check_segment(account_id: UUID, segment_id: int | None) -> None:
    """Refuses a segment that is not the account's, and locks any other until the transaction ends."""
    if segment_id is not None and not (can_be_id(segment_id) and Segment.keep(segment_id, account_id)):
        raise NotFound("There is no such segment.", segment_id=segment_id)


def segment_called(caller: Caller, name: str) -> int:
    """Returns the id of the account's segment of this name; NotFound when there is none."""
    found = Segment.id_named(caller.one_account(), checked_name(name))
    if found is None:
        raise NotFound(f"There is no segment called {name.strip()!r}.")
    return found


def _checked_view(segment: Segment, warnings: list[FilterWarningView]) -> SegmentView:
    return SegmentView.model_validate(segment).model_copy(update={"warnings": warnings})


def _checked(segment_id: int) -> int:
    if not can_be_id(segment_id):
        raise _missing()
    return segment_id


def _missing() -> NotFound:
    return NotFound("There is no such segment.")


def _why_not(caller: Caller, segment_id: int) -> DispatchError:
    read_segment(caller, segment_id)
    caller.require(
        "send",
        because=f"Campaign {Segment.awaited_by(segment_id)} starts by itself, and the filter decides whom it goes to.",
    )
    return _missing()


def _just_deleted() -> NotFound:
    return NotFound("A list or campaign that the filter names has just been deleted.")


def _taken() -> Duplicate:
    return Duplicate("There is already a segment of this name; choose another.", field="name")


def _note(caller: Caller, action: str, segment: Segment) -> None:
    caller.note(action, segment.id, account_id=segment.account_id)
