"""An account's customers as a CSV file that the import takes back."""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from dispatch.caller import Caller
from dispatch.formats.columns import OWN, header_of
from dispatch.formats.csv_out import csv_lines
from models.customers.attribute_columns import AttributeColumn, attribute_columns
from models.customers.customer import Customer, CustomerLine


def export_customers(caller: Caller) -> Iterator[str]:
    """Returns every customer, oldest first, in pieces: phone, names, location, product, zone, consent, each attribute.

    Imported, into this account or another, it makes exactly the same customers. An attribute that is not always a text
    is written as JSON, in a column called `json:` and its name.
    """
    return _pieces(caller.one_account())


def _pieces(account_id: UUID) -> Iterator[str]:
    # Listing the attributes reads every customer, so it is the first piece's work and waits for its turn as pieces do.
    attributes = attribute_columns(account_id)
    header = (*OWN, *(header_of(each.name, is_text=each.is_text) for each in attributes))
    yield from csv_lines(header, (_line(each, attributes) for each in Customer.lines(account_id)))


def _line(customer: CustomerLine, attributes: Sequence[AttributeColumn]) -> list[object]:
    *columns, own = customer
    return [*columns, *(_cell(own[each.name], each) if each.name in own else "" for each in attributes)]


def _cell(value: object, column: AttributeColumn) -> str:
    # What became no text since the columns were listed is written as JSON all the same.
    if column.is_text and isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
