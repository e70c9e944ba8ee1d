"""An export keeps a bounded part of a table in memory, however large its rows are."""

import json
import tracemalloc
from io import BytesIO

import pytest

from dispatch.customers.export import export_customers
from dispatch.customers.import_upload import Wish, rejected_lines, start_import
from models import export
from models.customers.customer import CustomerLine
from models.database import rows
from models.export import export_lines
from tests.dispatch.customers.importing import run
from tests.factories import an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


def test_a_page_has_as_many_rows_as_fit_and_one_in_any_case(monkeypatch):
    monkeypatch.setattr(export, "BYTES_PER_PAGE", 10_000)
    account = an_account()
    customers(account, 30)
    sizes = [10, 3_000, 50_000]
    for place, size in enumerate(sizes):
        rows("UPDATE customer SET attributes = %s WHERE id %% 3 = %s", [json.dumps({"a": "x" * size}), place])
    fetched = []
    connection = export.db.connection()

    class Counting:
        def execute(self, *arguments):
            found = connection.execute(*arguments)
            fetched.append(found.rowcount)
            return found

    monkeypatch.setattr(export.db, "connection", Counting)
    found = list(export_lines("customer", account.id, into=CustomerLine))
    monkeypatch.undo()
    assert len(found) == 30
    assert [line.phone for line in found] == sorted(line.phone for line in found)
    assert max(fetched) <= 3


def peak_of(pieces):
    """Returns how much memory reading the pieces took at most, and how long they are together."""
    tracemalloc.start()
    try:
        length = sum(len(piece) for piece in pieces)
        return tracemalloc.get_traced_memory()[1], length
    finally:
        tracemalloc.stop()


def test_many_customers_with_many_attributes_are_exported_in_little_memory():
    account = an_account()
    customers(account, 600)
    rows(
        """UPDATE customer SET attributes =
             (SELECT jsonb_object_agg('n' || n, repeat('x', 120)) FROM generate_series(0, 399) AS n)"""
    )
    peak, length = peak_of(export_customers(asking(account.id)))
    assert length > 25_000_000
    assert peak < 25_000_000


def test_long_rejected_lines_are_read_in_little_memory(monkeypatch):
    monkeypatch.setattr(export, "BYTES_PER_PAGE", 100_000)
    account = an_account(country="GR").id
    file = BytesIO(b"phone,notes\n" + (b"x," + b"y" * 30_000 + b"\n") * 300)
    import_id = run(start_import(asking(account), file, Wish("spring")).id).id
    peak, length = peak_of(rejected_lines(asking(), import_id))
    assert length > 9_000_000
    assert peak < 6_000_000
