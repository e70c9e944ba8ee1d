"""How an uploaded file comes in and is read: its size, its encoding, and what the names in its first line mean."""

from collections.abc import Mapping
from typing import IO, Any

from flask import request
from pydantic import Field
from werkzeug.exceptions import RequestEntityTooLarge

from api.http.errors import UnsupportedType
from api.http.inputs import Organization
from api.http.queries import ORGANIZATION, no_such_field
from dispatch.customers.import_upload import Wish
from dispatch.errors import InvalidRequest
from dispatch.formats import strict_json

# For routes of files only; all others take what a person may type.
MAX_FILE = 64 * 1024 * 1024

# What each form with a file has, for the OpenAPI document.
FORM_FIELDS = {
    "file": {"type": "string", "format": "binary"},
    "encoding": {"type": "string", "description": "if it is not certain, such as windows-1253"},
    "mapping": {"type": "string", "description": 'JSON, as {"phone": "Mobile"}: what names in the first line mean'},
    "dry_run": {"type": "boolean", "description": "only count and list what would be rejected"},
}


class FileOptions(Organization):
    """Options for a file that is the body itself; a form has them as fields."""

    encoding: str | None = Field(None, description="if it is not certain, such as windows-1253")
    mapping: str | None = Field(None, description='JSON, as {"phone": "Mobile"}: what names in the first line mean')
    filename: str = Field("", description="what people call the file")
    dry_run: bool = Field(False, description="only count and list what would be rejected, in a job")


# These are in the query also where there is a form.
_NEVER_IN_A_FORM = frozenset({ORGANIZATION, "filename"})


def fields_of(query: FileOptions) -> Mapping[str, Any]:
    """Returns the options as they were given: the fields of a form, or those of the query.

    InvalidRequest for a field that the form does not have, and for an option in the query beside a form.
    """
    if request.mimetype != "multipart/form-data":
        return query.model_dump()
    options = type(query).model_fields.keys() - _NEVER_IN_A_FORM
    # A part may have no name.
    for name in [*(request.form.keys() - options - {None}), *(request.files.keys() - {"file", None})]:
        raise no_such_field(name)
    for name in request.args.keys() & options:
        raise InvalidRequest(f"Send {name} as a field of the form, where the file is.", field=name)
    return request.form


def wish_of(query: FileOptions) -> Wish:
    """Returns what is to become of the file by the options that all files have; without a list, suppressions."""
    fields = fields_of(query)
    return Wish(
        list_name=None,
        dry_run=flag_of(fields.get("dry_run"), field="dry_run"),
        encoding=fields.get("encoding") or None,
        mapping=mapping_of(fields.get("mapping")),
        file_name=query.filename or name_of_part(),
    )


def mapping_of(given: str | None) -> dict[str, str] | None:
    """Returns the name in the first line for each column; InvalidRequest unless it is a JSON object of texts."""
    if not given:
        return None
    try:
        mapping = strict_json.loads(given)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(name, str) and name.strip() for name in mapping.values()):
        raise InvalidRequest('mapping is a JSON object of texts, such as {"phone": "Mobile"}.', field="mapping")
    return mapping


def flag_of(given: object, *, field: str) -> bool:
    """Returns whether a field of a form, or of a query, says true."""
    match given:
        case bool():
            return given
        case None | "" | "false" | "0":
            return False
        case "true" | "1":
            return True
    raise InvalidRequest(f"{field} is true or false.", field=field)


def refuse_above(most: int) -> None:
    """Refuses a body that is not a file, on a route that also takes files, when it has more bytes."""
    request.max_content_length = most
    if len(request.get_data()) > most:
        raise RequestEntityTooLarge


def received() -> IO[bytes]:
    """Returns the file that arrived, as the body or in a form."""
    if request.mimetype == "text/csv":
        return request.stream
    if request.mimetype != "multipart/form-data":
        raise UnsupportedType("Send the file as multipart/form-data or text/csv.")
    if (part := request.files.get("file")) is None:
        raise InvalidRequest("The form has no file in its field file.", field="file")
    return part.stream


def name_of_part() -> str:
    """Returns what a form calls its file; '' if the body is the file."""
    part = request.files.get("file") if request.mimetype == "multipart/form-data" else None
    return part.filename or "" if part else ""
