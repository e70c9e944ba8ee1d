"""Imports of CSV files: chosen or dropped, their columns named, watched, and what was rejected downloaded."""

from flask import Response

from api.console import forms
from api.console.asked import asked_for
from api.console.blueprint import console
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller
from api.http.csv_answer import csv_answer
from api.http.files import MAX_FILE, name_of_part, received
from api.http.inputs import Page
from dispatch.customers import import_upload
from dispatch.customers.import_upload import Wish
from dispatch.customers.lists import list_names
from dispatch.errors import DispatchError, InvalidRequest
from dispatch.formats.columns import OWN

LISTS = 100
GOING_ON = ("queued", "running")
_FIELDS = ("kind", "list", "country", "encoding", "attributes")


@console.page("/imports")
def import_list() -> Response:
    """The imports, newest first, and the form for another one."""
    return _imports(asked_for(Page))


@console.form("/imports/new", scope="write", most_bytes=MAX_FILE)
def begin_import() -> Response:
    """Imports the file, or only tries it; when it cannot be, everything but the file is still in the form."""
    try:
        made = _begun()
    except DispatchError as refused:
        return _imports(Page(), refused)
    return forms.lead_to(f"{forms.START}/imports/{made.id}")


@console.page("/imports/<import_id>")
def one_import(import_id: str) -> Response:
    """How far an import is, what its columns were taken for, and how many lines were rejected."""
    return _one("import.html", import_id)


@console.page("/imports/<import_id>/live", passive=True)
def import_live(import_id: str) -> Response:
    """The moving parts of that page alone."""
    return _one("import_live.html", import_id)


@console.page("/imports/<import_id>/rejected.csv")
def import_rejections(import_id: str) -> Response:
    """The rejected lines as a file, which can be repaired and imported as it is."""
    wanted = id_of(import_id)
    return csv_answer(import_upload.rejected_lines(caller(), wanted), f"import-{wanted}-rejections.csv")


@console.form("/imports/<import_id>/cancel", scope="write")
def cancel_import(import_id: str) -> Response:
    """Stops the import; what it has imported stays."""
    import_upload.cancel_import(caller(), id_of(import_id))
    return forms.lead_to(f"{forms.START}/imports/{id_of(import_id)}?done=import-cancelled")


@console.form("/imports/<import_id>/delete", scope="write")
def delete_import(import_id: str) -> Response:
    """Deletes an import that has ended, and not what it did."""
    import_upload.delete_import(caller(), id_of(import_id))
    return forms.lead_to(f"{forms.START}/imports?done=import-deleted")


def _begun() -> import_upload.CustomerImportView:
    """Starts the import that the form asks for."""
    if not name_of_part():
        raise InvalidRequest("Choose a file.", field="file")
    list_name = forms.typed("list").strip()
    of_customers = forms.typed("kind", "customers") == "customers"
    if of_customers and not list_name:
        raise InvalidRequest("Name the list that the customers are put on.", field="list")
    wish = Wish(
        list_name=list_name if of_customers else None,
        dry_run=forms.typed("dry_run") == "yes",
        country=forms.typed("country").strip() or None,
        file_name=name_of_part(),
        encoding=forms.typed("encoding").strip() or None,
        mapping=_mapping() or None,
    )
    with received() as file:
        return import_upload.start_import(caller(), file, wish)


def _mapping() -> dict[str, str]:
    """Returns what the form says of names in the first line; those that are only attributes stand one on a line."""
    own = {name: cell for name in OWN if (cell := forms.typed(f"map_{name}").strip())}
    attributes = filter(None, map(str.strip, forms.typed("attributes").splitlines()))
    return own | {f"attribute:{cell}": cell for cell in attributes}


def _imports(asked: Page, refused: DispatchError | None = None) -> Response:
    return page(
        "imports.html",
        refused=refused,
        title="Imports",
        found=import_upload.list_imports(caller(), page=asked.page, page_size=asked.page_size),
        asked=asked,
        typed={name: forms.typed(name) for name in (*_FIELDS, *(f"map_{each}" for each in OWN))},
        columns=OWN,
        lists=list_names(caller(), page_size=LISTS).rows,
        # The fields of these stand in a part of the form that is closed at first.
        of_columns=refused is not None and refused.details.get("field") in ("mapping", "encoding"),
    )


def _one(template: str, import_id: str) -> Response:
    shown = import_upload.read_import(caller(), id_of(import_id))
    title = shown.file_name or f"Import {shown.id}"
    here = f"{forms.START}/imports/{shown.id}"
    return page(template, title=title, here=here, shown=shown, going_on=shown.status in GOING_ON)
