"""Segments: listed with their counts, and built from rows of a field, an operator and a value."""

from flask import Response

from api.console import forms
from api.console.asked import asked_for, asks_for_counts, filters_of
from api.console.blueprint import console
from api.console.inputs import id_of
from api.console.rendering import page
from api.console.segment_rows import OPERATORS, Rows, filter_of, in_words, rows_of, typed_rows
from api.http.auth import caller
from api.routes.lists import ListQuery
from dispatch.audience import previews, segments
from dispatch.audience.filter import COLUMNS
from dispatch.audience.previews import SegmentPreviewView
from dispatch.audience.segments import SegmentView
from dispatch.customers.attributes import attributes_to_choose
from dispatch.errors import DispatchError, SegmentTooHeavy

# As many attributes as are offered.
ATTRIBUTES = 200


@console.page("/segments")
def segment_list() -> Response:
    """The segments, newest first, or those with these words in their names; each is counted after the page is shown."""
    asked = asked_for(ListQuery)
    found = segments.list_segments(caller(), page=asked.page, page_size=asked.page_size, q=asked.q)
    return page("segments.html", title="Segments", found=found, asked=asked, filters=filters_of(asked, "q"))


@console.page("/segments/<segment_id>/count", passive=True)
def segment_count(segment_id: str) -> Response:
    """How many people a segment has now, in short for the list of segments, and as its own page says it."""
    wanted = id_of(segment_id)
    try:
        return page("segment_count.html", id=f"count-{wanted}", counted=previews.preview_segment(caller(), wanted))
    except SegmentTooHeavy as refused:
        return page("segment_count.html", refused=refused, id=None, counted=None)


@console.page("/segments/new", scope="write")
def new_segment() -> Response:
    """One empty row."""
    return _form("/console/segments/new", "New segment", "", Rows())


@console.form("/segments/new", scope="write", resumes=True)
def add_segment() -> Response:
    """Stores the segment, or shows the form again with another row or with the count."""
    return _sent(None)


@console.page("/segments/<segment_id>")
def one_segment(segment_id: str) -> Response:
    """A segment as rows; how many people it has is counted once the page is shown."""
    found = segments.read_segment(caller(), id_of(segment_id))
    counted = previews.preview_segment(caller(), found.id) if asks_for_counts() else None
    waits = None if counted else _address(found)
    return _form(_address(found), found.name, found.name, rows_of(found.filter), counted, waits=waits)


@console.form("/segments/<segment_id>", scope="write", resumes=True)
def edit_segment(segment_id: str) -> Response:
    """Changes the segment, or shows the form again with another row or with the count."""
    return _sent(segments.read_segment(caller(), id_of(segment_id)))


@console.form("/segments/<segment_id>/delete", scope="write")
def delete_segment(segment_id: str) -> Response:
    """Deletes a segment."""
    segments.delete_segment(caller(), id_of(segment_id))
    return forms.lead_to(f"{forms.START}/segments?done=segment-deleted")


def _sent(stored: SegmentView | None) -> Response:
    address = _address(stored) if stored else "/console/segments/new"
    title, name, rows = stored.name if stored else "New segment", forms.typed("name"), typed_rows()
    if forms.is_resumed() or forms.typed("do") == "more":
        return _form(address, title, name, rows.with_another())
    try:
        filter = filter_of(rows)
        if forms.typed("do") == "preview":
            return _form(address, title, name, rows, previews.preview_filter(caller(), filter))
        if stored:
            segments.edit_segment(caller(), stored.id, name=name, filter=filter)
        else:
            segments.create_segment(caller(), name=name, filter=filter)
    except DispatchError as refused:
        return _form(address, title, name, rows, refused=refused)
    return forms.lead_to(f"{forms.START}/segments?done=segment-saved")


def _form(
    address: str,
    title: str,
    name: str,
    rows: Rows | None,
    counted: SegmentPreviewView | None = None,
    refused: DispatchError | None = None,
    *,
    waits: str | None = None,
) -> Response:
    used = {row.field for row in rows.rows} if rows else set()
    known = [f"attributes.{name}" for name in attributes_to_choose(caller(), most=ATTRIBUTES)]
    return page(
        "segment.html",
        refused=refused,
        problem=in_words(refused.message) if refused else None,
        title=title,
        address=address,
        name=name,
        rows=rows,
        counted=counted,
        waits=waits,
        fields=[*COLUMNS, "list", "received_campaign", "failed_campaign", *sorted({*known, *used} - _own())],
        operators=OPERATORS,
    )


def _own() -> set[str]:
    return {*COLUMNS, "list", "received_campaign", "failed_campaign", ""}


def _address(segment: SegmentView) -> str:
    return f"{forms.START}/segments/{segment.id}"
