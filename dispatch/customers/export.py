"""An account's customers as a CSV file that the import takes back."""

import json
from collections.abc import Iterator, Sequence

from dispatch.caller import Caller
from dispatch.formats.csv_out import csv_lines
from models.customers.customer import FILE_COLUMNS, Customer, CustomerLine


def export_customers(caller: Caller) -> Iterator[str]:
    """Returns every customer, oldest first, in pieces: phone, names, location, product, zone, consent, each attribute.

    Imported again it changes nothing. Numbers and lists among attributes come back as text, as all of CSV does.
    """
    account_id = caller.one_account()
    columns = ("phone", *FILE_COLUMNS, "consent")
    attributes = [name for name in Customer.attribute_names(account_id) if name not in ("", *columns)]
    return csv_lines((*columns, *attributes), (_line(each, attributes) for each in Customer.lines(account_id)))


def _line(customer: CustomerLine, attributes: Sequence[str]) -> list[object]:
    *columns, own = customer
    return [*columns, *(_cell(own.get(name)) for name in attributes)]


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
