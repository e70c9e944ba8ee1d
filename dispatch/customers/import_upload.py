"""A file of customers that came in over HTTP: checked, kept in PostgreSQL, and shown while a job imports it.

The job is `import_run.py`. Redis and the web process's disk may forget the file at any time; the rows do not.
"""

import io
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

import structlog

from dispatch import queues
from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.checks import checked_name, checked_text
from dispatch.formats.csv_in import CsvFile, lines_of
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.json_row import plain, plain_all
from dispatch.formats.phones import check_country
from models.customer_import import CustomerImport, CustomerImportPart, CustomerImportReject
from models.customer_list import CustomerList
from models.database import db, row, rows
from models.tenancy import owned_by

PART = 1024 * 1024
MOST_FILE_NAME = 255
REJECTS_PAGE = 5_000

_SHOWN = """id, account_id, status, list_id, list_name, file_name, country, size, bytes,
            imported + updated + rejected AS lines, imported, updated, rejected, error,
            created_at, started_at, ended_at"""

log = structlog.get_logger()


def start_import(
    caller: Caller, file: IO[bytes], *, list_name: str, country: str | None = None, file_name: str = ""
) -> dict[str, Any]:
    """Keeps the file and queues its import onto the list (made when there is none); gives the import as shown.

    Whatever can be known without reading it all is refused now: an empty file, a first line that names no phone
    column, a country or list name that cannot be. `file` is one that can be read twice.
    """
    account_id = caller.one_account()
    own_country = account_with_id(account_id).country
    country = check_country(country) if country else own_country
    list_name = checked_name(list_name, field="list")
    file_name = checked_text(file_name[-MOST_FILE_NAME:], field="filename", most=MOST_FILE_NAME) or ""
    size = _checked_size(file)
    with db.atomic():
        made = CustomerImport.add(
            account_id,
            list_id=CustomerList.named(account_id, list_name).id,
            list_name=list_name,
            file_name=file_name,
            country=country,
            size=size,
            actor=caller.actor,
            request_id=caller.request_id,
        )
        import_id = made["id"]
        CustomerImportPart.keep(import_id, iter(partial(file.read, PART), b""))
        caller.note("import.queued", import_id, account_id=account_id)
    log.info("import.queued", import_id=import_id, bytes=size)
    db.after_commit(partial(queues.push_import, import_id, made["token"]))
    return read_import(caller, import_id)


def read_import(caller: Caller, import_id: int) -> dict[str, Any]:
    """The import as shown, with how far it is; NotFound when there is none."""
    found = row(
        f"SELECT {_SHOWN} FROM customer_import WHERE id = %(id)s AND {owned_by(caller.account)}",
        {"id": import_id, "account": caller.account},
    )
    if found is None:
        raise NotFound("There is no such import.")
    return plain(found)


def list_imports(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of imports, newest first, and how many there are in all."""
    mine = owned_by(caller.account)
    given = {"account": caller.account, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        f"SELECT {_SHOWN} FROM customer_import WHERE {mine} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given
    )
    total = row(f"SELECT count(*) AS total FROM customer_import WHERE {mine}", given)
    assert total is not None
    return plain_all(found), total["total"]


def rejected_lines(caller: Caller, import_id: int) -> Iterator[str]:
    """The lines that could not be imported so far, with number, reason and phone as it stood, as CSV in pieces."""
    read_import(caller, import_id)
    return csv_lines(("line", "reason", "phone"), _rejects(import_id))


def _rejects(import_id: int) -> Iterator[tuple[int, str, str]]:
    after = 0
    while found := CustomerImportReject.page(import_id, after=after, limit=REJECTS_PAGE):
        yield from ((each["line"], each["reason"], each["phone"]) for each in found)
        after = found[-1]["line"]


def _checked_size(file: IO[bytes]) -> int:
    """How many bytes it has; afterwards it stands at its beginning again."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise InvalidRequest("The file is empty.", field="file")
    file.seek(0)
    CsvFile(lines_of(file))
    file.seek(0)
    return size
