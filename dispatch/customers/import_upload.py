"""A file of customers that came in over HTTP: checked, kept in PostgreSQL, and read while a job imports it.

The job is `import_run.py`. Redis and the web process's disk may lose the file at any time; the rows do not.
"""

import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO
from uuid import UUID

import structlog
from pydantic import Field

from dispatch import queues
from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import ImportRunning, InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.checks import checked_name, checked_text
from dispatch.formats.columns import IGNORED
from dispatch.formats.csv_in import CsvFile, Rejected, lines_of
from dispatch.formats.encodings import encoding_of
from dispatch.formats.phones import check_country
from dispatch.formats.rejects import reject_lines
from dispatch.formats.view import Time, View
from models.campaigns.campaign import Campaign
from models.customers import open_imports
from models.customers.import_files import CustomerImportPart, CustomerImportReject
from models.customers.imports import CustomerImport, ImportStatus
from models.customers.lists import CustomerList
from models.database import db
from models.page import Page

# Bytes of the file that one row holds.
PART_BYTES = 1024 * 1024
MAX_FILE_NAME = 255

log = structlog.get_logger()


class CustomerImportView(View):
    """An import; `bytes` of its `size` bytes were read, and every line so far is counted as one of the four."""

    id: int
    account_id: UUID
    status: ImportStatus
    list_id: int | None
    list_name: str
    file_name: str
    country: str | None
    size: int
    bytes: int
    lines: int
    imported: int
    updated: int
    repeated: int
    rejected: int
    phone_types: dict[str, int] = Field(description="how many lines that were not rejected have which kind of number")
    error: str | None
    encoding: str
    mapping: dict[str, str] = Field(description="the column that each name in the first line was taken for")
    created_at: Time
    started_at: Time | None
    ended_at: Time | None


def start_import(
    caller: Caller,
    file: IO[bytes],
    *,
    list_name: str,
    country: str | None = None,
    file_name: str = "",
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> CustomerImportView:
    """Keeps the file and queues its import onto the list of this name, which is made when there is none.

    Whatever can be known without reading it all is refused now: an empty file, a first line that names no phone
    column, an encoding that is not certain, a country or list name that cannot be. `file` is one that can be read
    twice; `mapping` says which of its names is which column, as {"phone": "Mobile"}.
    """
    account_id = caller.one_account()
    country = check_country(country) if country else account_with_id(account_id).country
    list_name = checked_name(list_name, field="list")
    file_name = checked_text(file_name[-MAX_FILE_NAME:], field="filename", most=MAX_FILE_NAME) or ""
    size, encoding, read = _checked(file, encoding, mapping)
    with db.atomic():
        made = CustomerImport.add(
            account_id,
            list_id=CustomerList.named(account_id, list_name).id,
            list_name=list_name,
            file_name=file_name,
            country=country,
            size=size,
            encoding=encoding,
            header=read.header.cells,
            columns=read.header.names,
            actor=caller.actor,
            request_id=caller.request_id,
        )
        CustomerImportPart.keep(made.id, iter(partial(file.read, PART_BYTES), b""))
        caller.note("import.queued", made.id, account_id=account_id)
    db.after_commit(partial(log.info, "import.queued", import_id=made.id, bytes=size))
    db.after_commit(partial(queues.push_import, made.id, made.token))
    return read_import(caller, made.id)


def read_import(caller: Caller, import_id: int) -> CustomerImportView:
    """Returns the import, with how far it is; NotFound when there is none."""
    return CustomerImportView.model_validate(_find(caller, import_id))


def cancel_import(caller: Caller, import_id: int) -> CustomerImportView:
    """Stops the import, also one by a command; what it has imported stays. InvalidStatus if it has ended."""
    with db.atomic():
        cancelled = open_imports.cancel(import_id, caller.account)
        if cancelled is None:
            raise InvalidStatus(f"The import has ended already: it is {_find(caller, import_id).status}.")
        Campaign.unblock(cancelled.account_id, ImportRunning.code)
        caller.note("import.cancelled", import_id, account_id=cancelled.account_id)
    return read_import(caller, import_id)


def list_imports(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[CustomerImportView]:
    """One page of imports, newest first."""
    return CustomerImport.page(caller.account, page=page, page_size=page_size).map(CustomerImportView.model_validate)


def rejected_lines(caller: Caller, import_id: int) -> Iterator[str]:
    """Returns the lines rejected so far with all their columns, number, reason and text, as CSV in pieces."""
    found = _find(caller, import_id)
    columns = [cell for cell, name in zip(found.header, found.columns, strict=True) if name not in IGNORED]
    return reject_lines(columns, (Rejected(*each) for each in CustomerImportReject.lines(import_id)))


def _find(caller: Caller, import_id: int) -> CustomerImport:
    found = CustomerImport.find(import_id, caller.account)
    if found is None:
        raise NotFound("There is no such import.")
    return found


def _checked(file: IO[bytes], encoding: str | None, mapping: Mapping[str, str] | None) -> tuple[int, str, CsvFile]:
    """Returns how many bytes the file has, its encoding and its header, and leaves it at its beginning."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise InvalidRequest("The file is empty.", field="file")
    file.seek(0)
    encoding = encoding_of(file, encoding)
    read = CsvFile(lines_of(file, encoding), mapping=mapping)
    file.seek(0)
    return size, encoding, read
