"""Segments over HTTP: filters over customers, stored under a name."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId
from api.http.pages import Pagination, page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.audience import previews, segments
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.previews import AudiencePreviewView

routes = Routes("segments", __name__, url_prefix="/api/segments")

Shown = dict[str, Any]

# Read in dispatch, so that the command line refuses a filter in the same words.
Filter = Annotated[Group, BeforeValidator(read_filter)]


class SegmentPath(Given):
    segment_id: PathId


class NewSegment(Given):
    name: str = Field(description="1 to 200 characters, given once in an account")
    filter: Filter


class SegmentChanges(Given):
    """What is left out stays."""

    name: str | None = None
    filter: Filter | None = None


class ToPreview(Given):
    filter: Filter


class Segment(BaseModel):
    """A segment as shown."""

    id: int
    account_id: UUID
    name: str
    filter: Filter
    created_at: datetime
    updated_at: datetime


class Segments(BaseModel):
    """One page, newest first."""

    data: list[Segment]
    pagination: Pagination


@routes.post(
    "",
    summary="Store a segment",
    answers={201: Segment},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewSegment) -> tuple[Shown, int]:
    """Whom it selects is decided anew each time it is used."""
    return segments.create_segment(caller(), name=body.name, filter=body.filter), 201


@routes.get("", summary="List segments, newest first", answers={200: Segments}, scope="read")
def index(query: Page) -> Shown:
    """Each with its filter."""
    found = segments.list_segments(caller(), page=query.page, page_size=query.page_size)
    return page_of(found, query)


@routes.post(
    "/preview",
    summary="Show whom a filter selects",
    answers={200: AudiencePreviewView},
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def preview_filter(query: Organization, body: ToPreview) -> AudiencePreviewView:
    """Before it is stored; those who opted out are counted aside."""
    return previews.preview_filter(caller(), body.filter)


@routes.get("/<segment_id>", summary="Read a segment", answers={200: Segment}, scope="read")
def read(path: SegmentPath) -> Shown:
    """Its name and filter."""
    return segments.read_segment(caller(), path.segment_id)


@routes.post(
    "/<segment_id>/preview",
    summary="Show whom a segment selects",
    answers={200: AudiencePreviewView},
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def preview(path: SegmentPath) -> AudiencePreviewView:
    """Right now; those who opted out are counted aside."""
    return previews.preview_segment(caller(), path.segment_id)


@routes.patch(
    "/<segment_id>",
    summary="Change a segment",
    answers={200: Segment},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
)
def edit(path: SegmentPath, body: SegmentChanges) -> Shown:
    """Campaigns that have started keep the filter they had."""
    return segments.edit_segment(caller(), path.segment_id, name=body.name, filter=body.filter)


@routes.delete(
    "/<segment_id>", summary="Delete a segment", answers={204: None}, refuses=("INVALID_STATUS",), scope="write"
)
def delete(path: SegmentPath) -> tuple[str, int]:
    """Refused while a campaign is still to be started with it."""
    segments.delete_segment(caller(), path.segment_id)
    return "", 204
