"""Suppressed numbers over HTTP: those an account must not message."""

from io import BytesIO
from typing import Annotated

from flask import Response, request
from pydantic import BeforeValidator, Field, ValidationError

from api.http.auth import caller
from api.http.bad_input import refuse_input
from api.http.csv_answer import csv_answer, csv_response
from api.http.errors import UnsupportedType
from api.http.files import FileOptions, mapping_of
from api.http.inputs import Given, Organization, Page, PathId, storable
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, ONE_TRANSACTION
from dispatch.customers import suppression_files, suppressions
from dispatch.customers.suppression_files import Entries, SuppressionReport
from dispatch.customers.suppressions import SuppressionView
from dispatch.formats.csv_in import checked_lines
from models.customers.suppression import OPTED_OUT

routes = Routes("suppressions", __name__, url_prefix="/api/suppressions")


class SuppressionPath(Given):
    suppression_id: PathId


class SuppressionQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a phone or reason")


class NewSuppression(Given):
    """A number not to be messaged."""

    phone: str = Field(description="as people write it; without a country code, one of the account's country")
    reason: str = Field(OPTED_OUT, description="1 to 200 characters")


class Numbers(Given):
    """Numbers not to be messaged."""

    phones: list[str]
    reason: str = Field(OPTED_OUT, description="1 to 200 characters, of all of them")


class Suppressions(Paged[SuppressionView]):
    """One page, newest first."""


_CONTENT = {
    "requestBody": {
        "description": "JSON, or CSV with a column `phone` and an optional column `reason`.",
        "required": True,
        "content": {
            "application/json": {"schema": Numbers.model_json_schema()},
            "text/csv": {"schema": {"type": "string"}},
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
    answers={200: SuppressionReport},
    body=True,
    scope="write",
    idempotency=HARMLESS_TWICE,
    openapi_extensions=_CONTENT,
)
def import_(query: FileOptions) -> SuppressionReport:
    """Suppresses every readable number and names the other lines. Sending it again changes nothing more."""
    return suppression_files.import_suppressions(caller(), _entries(query), source="api")


@routes.get(
    "/export",
    summary="Download all suppressed numbers",
    answers={200: csv_response("phone, reason, source, created_at")},
    scope="read",
)
def export(query: Organization) -> Response:
    """Cells that a spreadsheet would run as formulas begin with an apostrophe, phones too; the import removes it."""
    return csv_answer(suppression_files.export_suppressions(caller()), "suppressions.csv")


def _entries(query: FileOptions) -> Entries:
    if request.mimetype == "text/csv":
        return suppression_files.entries_in_csv(
            checked_lines(BytesIO(request.get_data()), query.encoding), mapping_of(query.mapping)
        )
    if request.mimetype != "application/json":
        raise UnsupportedType("Send the numbers as application/json or text/csv.")
    try:
        given = Numbers.model_validate(request.get_json() or {})
    except ValidationError as problem:
        refuse_input(problem)
        raise
    return suppression_files.entries_of(given.phones, given.reason)
