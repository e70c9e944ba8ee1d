"""Of an import so many rejected lines are kept, and for so long; what it imported stays."""

from io import BytesIO

import pytest

from dispatch.customers import import_retention
from dispatch.customers.import_retention import forget_old_imports
from dispatch.customers.import_upload import Wish, rejected_lines, start_import
from models.database import rows
from tests.dispatch.customers.importing import run
from tests.factories import an_account, asking
from tests.racing import race

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account():
    return an_account(country="GR").id


def upload(account_id, text):
    return start_import(asking(account_id), BytesIO(text.encode()), Wish("spring")).id


def test_the_first_rejected_lines_are_kept_and_the_rest_are_counted(account, monkeypatch):
    monkeypatch.setattr("models.customers.import_files.MOST_REJECTS", 5)
    monkeypatch.setattr("dispatch.customers.imports.LINES_PER_CHUNK", 3)
    import_id = upload(account, "phone\n" + "x\n" * 20 + "6900000001\n")
    while (shown := run(import_id, seconds=0)).status == "running":
        pass
    assert (shown.rejected, shown.rejected_kept, shown.imported) == (20, 5, 1)
    lines = "".join(rejected_lines(asking(), import_id)).splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == ["2", "3", "4", "5", "6"]


def ended(account_id, days):
    import_id = run(upload(account_id, "phone\n6900000001\nx\n")).id
    rows("UPDATE customer_import SET ended_at = ended_at - make_interval(days => %s) WHERE id = %s", [days, import_id])
    return import_id


def left():
    return [each["id"] for each in rows("SELECT id FROM customer_import ORDER BY id")]


def test_old_imports_go_with_their_rejected_lines_and_open_ones_stay(account, configure):
    _, recent = ended(account, 91), ended(account, 89)
    waiting = upload(account, "phone\n6900000002\n")
    rows("UPDATE customer_import SET created_at = created_at - interval '1 year' WHERE id = %s", [waiting])
    assert forget_old_imports() == 1
    assert left() == [recent, waiting]
    assert [each["import_id"] for each in rows("SELECT import_id FROM customer_import_reject")] == [recent]
    assert len(rows("SELECT 1 FROM customer")) == 1
    configure(IMPORT_KEEP_DAYS=7)
    assert forget_old_imports() == 1
    assert left() == [waiting]


def test_several_processes_forget_at_once(account, monkeypatch):
    monkeypatch.setattr(import_retention, "CHUNK", 2)
    for days in range(100, 109):
        ended(account, days)
    assert sum(race(*[forget_old_imports] * 3)) + forget_old_imports() == 9
    assert left() == []
