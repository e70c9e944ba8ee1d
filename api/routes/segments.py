"""Segments over HTTP: filters over customers, stored under a name."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, PathId
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.lists import ListQuery
from dispatch.audience import previews, segments
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.previews import SegmentPreviewView
from dispatch.audience.segments import SegmentView

routes = Routes("segments", __name__, url_prefix="/api/segments")

# Validated in dispatch, so that the command line refuses a filter in the same words.
Filter = Annotated[Group, BeforeValidator(read_filter)]


class SegmentPath(Given):
    segment_id: PathId


class NewSegment(Given):
    name: str = Field(description="1 to 200 characters, unique in an account")
    filter: Filter


class SegmentChanges(Given):
    """What to change; a field that is left out stays as it is."""

    name: str | None = None
    filter: Filter | None = None


class ToPreview(Given):
    filter: Filter


class Segments(Paged[SegmentView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Store a segment",
    answers={201: SegmentView},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewSegment) -> tuple[SegmentView, int]:
    """A segment is evaluated each time it is used: for a preview, and when a campaign for it starts."""
    return segments.create_segment(caller(), name=body.name, filter=body.filter), 201


@routes.get("", summary="List segments, newest first", answers={200: Segments}, scope="read")
def index(query: ListQuery) -> Paged[SegmentView]:
    """Each with its filter; `q` searches names."""
    return paged(segments.list_segments(caller(), page=query.page, page_size=query.page_size, q=query.q), query)


@routes.post(
    "/preview",
    summary="Show the customers that a filter selects",
    answers={200: SegmentPreviewView},
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def preview_filter(query: Organization, body: ToPreview) -> SegmentPreviewView:
    """Stores nothing; people who opted out are counted separately."""
    return previews.preview_filter(caller(), body.filter)


@routes.get("/<segment_id>", summary="Read a segment", answers={200: SegmentView}, scope="read")
def read(path: SegmentPath) -> SegmentView:
    """Returns its name and filter."""
    return segments.read_segment(caller(), path.segment_id)


@routes.post(
    "/<segment_id>/preview",
    summary="Show the customers that a segment selects",
    answers={200: SegmentPreviewView},
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def preview(path: SegmentPath) -> SegmentPreviewView:
    """Evaluates it now; people who opted out are counted separately."""
    return previews.preview_segment(caller(), path.segment_id)


@routes.patch(
    "/<segment_id>",
    summary="Change a segment",
    answers={200: SegmentView},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
)
def edit(path: SegmentPath, body: SegmentChanges) -> SegmentView:
    """Campaigns that have started keep the filter they had."""
    return segments.edit_segment(caller(), path.segment_id, name=body.name, filter=body.filter)


@routes.delete(
    "/<segment_id>", summary="Delete a segment", answers={204: None}, refuses=("INVALID_STATUS",), scope="write"
)
def delete(path: SegmentPath) -> tuple[str, int]:
    """Refused while it is the audience of a campaign that has not started."""
    segments.delete_segment(caller(), path.segment_id)
    return "", 204
