"""Suppressed numbers over HTTP: those an account must not message."""

from io import BytesIO
from typing import IO, Annotated

from flask import Response, request
from pydantic import BeforeValidator, Field, ValidationError

from api.http.auth import caller
from api.http.bad_input import refuse_input
from api.http.csv_answer import csv_answer, csv_response
from api.http.files import FORM_FIELDS, MAX_FILE, FileOptions, received, refuse_above, wish_of
from api.http.inputs import Given, Organization, Page, PathId, storable
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, MAX_BODY_BYTES, ONE_TRANSACTION
from dispatch.accounts.accounts import country_of
from dispatch.customers import suppression_files, suppressions
from dispatch.customers.import_upload import CustomerImportView, Wish, start_import
from dispatch.customers.suppression_files import SuppressionReport
from dispatch.customers.suppressions import SuppressionView
from dispatch.errors import InvalidRequest
from dispatch.formats.csv_in import checked_lines
from models.customers.suppression import OPTED_OUT

# A longer file is imported by a job.
MAX_BYTES_AT_ONCE = 256 * 1024

routes = Routes("suppressions", __name__, url_prefix="/api/suppressions")


class SuppressionPath(Given):
    suppression_id: PathId


class SuppressionQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a phone or reason")


class NewSuppression(Given):
    """A number not to be messaged."""

    phone: str = Field(description="as people write it; without a country code, one of the account's country")
    reason: str = Field(OPTED_OUT, description="1 to 200 characters")


class SuppressedNumbers(Given):
    """Numbers not to be messaged."""

    phones: list[str]
    reason: str = Field(OPTED_OUT, description="1 to 200 characters, of all of them")


class Suppressions(Paged[SuppressionView]):
    """One page, newest first."""


_FORM = {"type": "object", "properties": FORM_FIELDS, "required": ["file"]}
_CONTENT = {
    "requestBody": {
        "description": "JSON, or CSV with a column `phone` and an optional column `reason`, as it is or in a form; "
        "up to 64 MiB.",
        "required": True,
        "content": {
            "application/json": {"schema": SuppressedNumbers.model_json_schema()},
            "text/csv": {"schema": {"type": "string"}},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


@routes.get("", summary="List suppressed numbers, newest first", answers={200: Suppressions}, scope="read")
def index(query: SuppressionQuery) -> Paged[SuppressionView]:
    """`q` searches phones and reasons."""
    return paged(suppressions.list_suppressions(caller(), page=query.page, page_size=query.page_size, q=query.q), query)


@routes.post(
    "",
    summary="Suppress a number",
    answers={200: SuppressionView, 201: SuppressionView},
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewSuppression) -> tuple[SuppressionView, int]:
    """Nothing is sent to the number from now on. One that is already suppressed is returned unchanged, with 200."""
    found, new = suppressions.add_suppression(caller(), phone=body.phone, reason=body.reason, source="api")
    return found, 201 if new else 200


@routes.delete(
    "/<suppression_id>",
    summary="Let a number be messaged again",
    answers={204: None},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="write",
)
def delete(path: SuppressionPath) -> tuple[str, int]:
    """A customer who is unsubscribed stays unsubscribed."""
    suppressions.remove_suppression(caller(), path.suppression_id)
    return "", 204


@routes.post(
    "/import",
    summary="Suppress many numbers",
    answers={200: SuppressionReport, 202: CustomerImportView},
    body=True,
    scope="write",
    idempotency=HARMLESS_TWICE,
    most_bytes=MAX_FILE,
    openapi_extensions=_CONTENT,
)
def import_(query: FileOptions) -> SuppressionReport | tuple[CustomerImportView, int]:
    """Suppresses every readable number and names the other lines. Sending it again changes nothing more.

    Up to 2,000 numbers, or lines of CSV in at most 256 KiB, are suppressed at once: 200. Anything longer, a form and
    a `dry_run` are imported by a job, with an import to watch at /api/imports/{id}: 202. No campaign starts meanwhile.
    """
    if request.mimetype == "application/json":
        refuse_above(MAX_BODY_BYTES)
        return _numbers(query)
    wish = wish_of(query)
    with received() as file:
        if request.mimetype == "text/csv" and not wish.dry_run and _is_short(file):
            lines = checked_lines(file, wish.encoding, country=country_of(caller()))
            return suppression_files.suppress_csv(caller(), lines, mapping=wish.mapping)
        return start_import(caller(), file, wish), 202


@routes.get(
    "/export",
    summary="Download all suppressed numbers",
    answers={200: csv_response("phone, reason, source, created_at")},
    refuses=("STREAMS_BUSY",),
    scope="read",
)
def export(query: Organization) -> Response:
    """Cells that a spreadsheet would run as formulas begin with an apostrophe, phones too; the import removes it."""
    return csv_answer(suppression_files.export_suppressions(caller()), "suppressions.csv")


def _numbers(query: FileOptions) -> SuppressionReport | tuple[CustomerImportView, int]:
    for option in ("encoding", "mapping"):
        if getattr(query, option):
            raise InvalidRequest(f"{option} is for a file; leave it out with numbers.", field=option)
    try:
        given = SuppressedNumbers.model_validate(request.get_json() or {})
    except ValidationError as problem:
        refuse_input(problem)
        raise
    if len(given.phones) <= suppression_files.MOST_AT_ONCE and not query.dry_run:
        return suppression_files.suppress_numbers(caller(), given.phones, reason=given.reason)
    file = BytesIO(suppression_files.as_csv(given.phones, given.reason).encode())
    return start_import(caller(), file, Wish(list_name=None, dry_run=query.dry_run, file_name=query.filename)), 202


def _is_short(file: IO[bytes]) -> bool:
    """Returns whether the file is one that a request can import itself."""
    content = file.read(MAX_BYTES_AT_ONCE + 1)
    file.seek(0)
    lines = content.count(b"\n") + content.count(b"\r")
    return len(content) <= MAX_BYTES_AT_ONCE and lines <= suppression_files.MOST_AT_ONCE
