"""Imports over HTTP: a CSV file of customers in, the progress of any import, and the lines that were rejected."""

from dataclasses import replace

from flask import Response
from pydantic import Field

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.files import FORM_FIELDS, MAX_FILE, FileOptions, fields_of, received, wish_of
from api.http.inputs import Given, Page, PathId
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, ONE_TRANSACTION
from dispatch.customers import import_upload
from dispatch.customers.import_upload import CustomerImportView
from dispatch.errors import InvalidRequest

routes = Routes("imports", __name__, url_prefix="/api/imports")

_FORM = {
    "type": "object",
    "properties": {
        **FORM_FIELDS,
        "list": {"type": "string", "description": "the list's name; made when there is none"},
        "country": {"type": "string", "description": "two letters; the account's if left out"},
    },
    "required": ["file", "list"],
}
_CONTENT = {
    "requestBody": {
        "description": "The file in a form, or as it is with `list` and `country` in the query; up to 64 MiB.",
        "required": True,
        "content": {"multipart/form-data": {"schema": _FORM}, "text/csv": {"schema": {"type": "string"}}},
    }
}


class ImportQuery(FileOptions):
    """Options for a file that is the body itself; a form has them as fields."""

    list: str | None = Field(None, description="the list's name; made when there is none")
    country: str | None = Field(None, description="of numbers without a country code; the account's if left out")


class ImportPath(Given):
    import_id: PathId


class CustomerImports(Paged[CustomerImportView]):
    """One page, newest first."""


# Outside the idempotency transaction: its job is pushed after the commit, and importing twice is harmless.
@routes.post(
    "",
    summary="Import customers from a CSV file",
    answers={202: CustomerImportView},
    refuses=("QUOTA_EXCEEDED",),
    body=True,
    scope="write",
    idempotency=HARMLESS_TWICE,
    most_bytes=MAX_FILE,
    openapi_extensions=_CONTENT,
)
def create(query: ImportQuery) -> tuple[CustomerImportView, int]:
    """A job imports the file; read the import to see its progress. Importing a file again changes nothing.

    The first line names the columns: phone, and any of first_name, last_name, location, prefered_product, zone,
    consent; others become attributes. The answer's `mapping` says how they were understood. With `dry_run` no
    customer and no list is written.
    """
    fields = fields_of(query)
    if not fields.get("list"):
        raise InvalidRequest("Name the list that the customers are put on.", field="list")
    wish = replace(wish_of(query), list_name=fields["list"], country=fields.get("country"))
    with received() as file:
        return import_upload.start_import(caller(), file, wish), 202


@routes.get("", summary="List imports, newest first", answers={200: CustomerImports}, scope="read")
def index(query: Page) -> Paged[CustomerImportView]:
    """Includes imports that have ended."""
    return paged(import_upload.list_imports(caller(), page=query.page, page_size=query.page_size), query)


@routes.get(
    "/<import_id>",
    summary="How far an import is",
    answers={200: CustomerImportView},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="read",
)
def read(path: ImportPath) -> CustomerImportView:
    """`error` says why the import failed; what it had imported by then stays."""
    return import_upload.read_import(caller(), path.import_id)


@routes.post(
    "/<import_id>/cancel",
    summary="Stop an import",
    answers={200: CustomerImportView},
    refuses=("RESOURCE_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def cancel(path: ImportPath) -> CustomerImportView:
    """What it has imported stays, and so do its rejected lines."""
    return import_upload.cancel_import(caller(), path.import_id)


@routes.delete(
    "/<import_id>",
    summary="Delete an import that has ended",
    answers={204: None},
    refuses=("RESOURCE_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
)
def delete(path: ImportPath) -> tuple[str, int]:
    """Its rejected lines are deleted too; what it has imported stays."""
    import_upload.delete_import(caller(), path.import_id)
    return "", 204


@routes.get(
    "/<import_id>/rejections",
    summary="Download the lines that were rejected",
    answers={200: csv_response("all columns of the lines, and rejected_line, rejected_reason, rejected_text")},
    refuses=("RESOURCE_NOT_FOUND", "STREAMS_BUSY"),
    scope="read",
)
def rejections(path: ImportPath) -> Response:
    """The first 10,000. Repaired, the file can be imported as it is: those three columns are not read."""
    pieces = import_upload.rejected_lines(caller(), path.import_id)
    return csv_answer(pieces, f"import-{path.import_id}-rejections.csv")
