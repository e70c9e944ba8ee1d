"""A file that came in over HTTP, of customers or of suppressed numbers: checked, kept, and read while a job imports it.

The job is `import_run.py`. Redis and the web process's disk may lose the file at any time; the rows do not.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Annotated
from uuid import UUID

import structlog
from pydantic import BeforeValidator, Field

from dispatch import queues
from dispatch.accounts.accounts import account_with_id
from dispatch.accounts.quotas import check_quota
from dispatch.caller import Caller
from dispatch.customers.list_members import lock_unless_may_send, require_send
from dispatch.customers.said_elsewhere import check_first_lines
from dispatch.errors import ImportRunning, InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.checks import checked_name, checked_text
from dispatch.formats.columns import IGNORED, mapping_of
from dispatch.formats.csv_in import CsvFile, Rejected, lines_of
from dispatch.formats.encodings import encoding_of
from dispatch.formats.phones import check_country
from dispatch.formats.rejects import reject_lines
from dispatch.formats.view import Time, View
from dispatch.tracing.current import remembered
from models.campaigns import blocking
from models.customers import ended_imports, open_imports
from models.customers.import_files import MOST_REJECTS, CustomerImportPart, CustomerImportReject
from models.customers.import_states import ImportKind, ImportStatus
from models.customers.imports import CustomerImport
from models.customers.lists import CustomerList
from models.database import db
from models.page import Page

# Bytes of the file that one row holds.
PART_BYTES = 1024 * 1024
MAX_FILE_NAME = 255

log = structlog.get_logger()


class CustomerImportView(View):
    """An import; `bytes` of its `size` bytes were read, and every line so far is counted as one of the four.

    Of suppressed numbers, `imported` are suppressed now and `updated` were before.
    """

    id: int
    account_id: UUID
    kind: ImportKind
    dry_run: bool = Field(description="nothing is written but these counts and the rejected lines")
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
    rejected_kept: int = Field(
        description=f"how many of the rejected lines can be downloaded: the first {MOST_REJECTS:,}; none of a command's"
    )
    ambiguous: int = Field(description="lines of opt-outs whose number has two readings: both are suppressed")
    not_asked: int = Field(
        description="lines whose person was not asked for consent, or has not answered: who is new is unsubscribed"
    )
    phone_types: dict[str, int] = Field(description="how many lines that were not rejected have which kind of number")
    error: str | None
    encoding: str
    mapping: Annotated[dict[str, str], BeforeValidator(mapping_of)] = Field(
        description="the column that each name in the first line was taken for"
    )
    created_at: Time
    started_at: Time | None
    ended_at: Time | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of a file: onto the list of this name or, without one, its numbers suppressed."""

    list_name: str | None
    #: Only tried: nothing is written but counts and rejected lines.
    dry_run: bool = False
    #: Of numbers without a country code, in two letters; the account's if None.
    country: str | None = None
    file_name: str = ""
    encoding: str | None = None
    #: Which of its names is which column, as {"phone": "Mobile"}.
    mapping: Mapping[str, str] | None = None


def start_import(caller: Caller, file: IO[bytes], wish: Wish) -> CustomerImportView:
    """Keeps the file and queues its import; the list is made when there is none of this name.

    Whatever can be known without reading it all is refused now: an empty file, a first line that names no phone
    column, an encoding that is not certain, a country or list name that cannot be. `file` is one that can be read
    twice.
    """
    account_id = caller.one_account()
    country = check_country(wish.country) if wish.country else account_with_id(account_id).country
    list_name = None if wish.list_name is None else checked_name(wish.list_name, field="list")
    file_name = checked_text(wish.file_name[-MAX_FILE_NAME:], field="filename", most=MAX_FILE_NAME) or ""
    size, encoding, read = _checked(file, wish, country)
    with db.atomic():
        fills = None if list_name is None or wish.dry_run else _list_for(caller, account_id, list_name)
        made = CustomerImport.add(
            account_id,
            kind="suppressions" if list_name is None else "customers",
            dry_run=wish.dry_run,
            list_id=fills,
            list_name=list_name or "",
            file_name=file_name,
            country=country,
            size=size,
            encoding=encoding,
            header=read.header.cells,
            columns=read.header.names,
            actor=caller.actor,
            request_id=caller.request_id,
            traceparent=remembered(),
        )
        if list_name is not None:
            check_quota(account_id, "open_imports")
        CustomerImportPart.keep(made.id, iter(partial(file.read, PART_BYTES), b""))
        caller.note("import.queued", made.id, account_id=account_id)
    db.after_commit(partial(log.info, "import.queued", import_id=made.id, bytes=size))
    db.after_commit(partial(queues.push_import, made.id, made.token, account_id))
    return read_import(caller, made.id)


def _list_for(caller: Caller, account_id: UUID, name: str) -> int:
    """Returns the list to import onto; while it decides whom a scheduled campaign goes to, that takes `send`."""
    list_id = CustomerList.named(account_id, name).id
    lock_unless_may_send(caller, list_id)
    require_send(caller, CustomerList.awaited_by(list_id, account_id))
    return list_id


def read_import(caller: Caller, import_id: int) -> CustomerImportView:
    """Returns the import, with how far it is; NotFound when there is none."""
    return CustomerImportView.model_validate(_find(caller, import_id))


def cancel_import(caller: Caller, import_id: int) -> CustomerImportView:
    """Stops the import, also one by a command; what it has imported stays. InvalidStatus if it has ended."""
    with db.atomic():
        cancelled = open_imports.cancel(import_id, caller.account)
        if cancelled is None:
            raise InvalidStatus(f"The import has ended already: it is {_find(caller, import_id).status}.")
        blocking.unblock(cancelled.account_id, ImportRunning.code)
        caller.note("import.cancelled", import_id, account_id=cancelled.account_id)
    return read_import(caller, import_id)


def delete_import(caller: Caller, import_id: int) -> None:
    """Deletes an import that has ended, with its rejected lines but not what it did; InvalidStatus while it goes on."""
    with db.atomic():
        removed = ended_imports.remove(import_id, caller.account)
        if removed is None:
            raise InvalidStatus(f"The import is {_find(caller, import_id).status}; cancel it before you delete it.")
        caller.note("import.deleted", import_id, account_id=removed.account_id)


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


def _checked(file: IO[bytes], wish: Wish, country: str | None) -> tuple[int, str, CsvFile]:
    """Returns how many bytes the file has, its encoding and its header, and leaves it at its beginning."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise InvalidRequest("The file is empty.", field="file")
    file.seek(0)
    encoding = encoding_of(file, wish.encoding, country=country)
    read = CsvFile(lines_of(file, encoding), mapping=wish.mapping, of_opt_outs=wish.list_name is None)
    if wish.list_name is not None:
        check_first_lines(read)
    file.seek(0)
    return size, encoding, read
