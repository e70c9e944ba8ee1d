"""An account's customers as a CSV file that the import takes back."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from dispatch.caller import Caller
from dispatch.formats.csv_out import csv_lines
from models.customer_upsert import COLUMNS
from models.database import rows

PAGE = 5_000


def export_customers(caller: Caller) -> Iterator[str]:
    """Every customer, oldest first, in pieces: phone, names, location, product, and a column for each attribute.

    Imported again it changes nothing. Numbers and lists among attributes come back as text, as all of CSV does.
    """
    account_id = caller.one_account()
    attributes = _attributes(account_id)
    return csv_lines(("phone", *COLUMNS, *attributes), _all_of(account_id, attributes))


def _attributes(account_id: UUID) -> list[str]:
    found = rows(
        """SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM customer
           WHERE account_id = %s AND attributes <> '{}' ORDER BY name""",
        [account_id],
    )
    return [each["name"] for each in found if each["name"] not in ("", "phone", *COLUMNS)]


def _all_of(account_id: UUID, attributes: list[str]) -> Iterator[list[Any]]:
    # A statement for each page: a reader that is slow, or gone, must not keep a transaction open.
    after = 0
    while found := rows(
        f"""SELECT id, phone, {", ".join(COLUMNS)}, attributes FROM customer
            WHERE account_id = %s AND id > %s ORDER BY id LIMIT %s""",
        [account_id, after, PAGE],
    ):
        for each in found:
            own = each["attributes"]
            yield [each["phone"], *(each[name] for name in COLUMNS), *(_text(own.get(name)) for name in attributes)]
        after = found[-1]["id"]


def _text(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
