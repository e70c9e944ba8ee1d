"""A job of an import always comes to its end, whatever the file is, and the next one continues in its middle."""

from io import BytesIO
from itertools import count

import pytest

from dispatch.customers import imports
from dispatch.customers.import_upload import Wish, read_import, start_import
from models.customers.import_files import CustomerImportPart
from models.database import row, rows
from tests.dispatch.customers.importing import run
from tests.factories import an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")

HUNDRED_COLUMNS = b"phone," + b",".join(b"c%d" % n for n in range(99)) + b"\n"


def upload(content, **options):
    account = an_account(country="GR").id
    return start_import(asking(account), BytesIO(content), Wish("spring", **options)).id


def next_line(import_id):
    return row("SELECT next_line FROM customer_import WHERE id = %s", [import_id])["next_line"]


@pytest.mark.parametrize(
    "content",
    [
        HUNDRED_COLUMNS + b"\n" * 300,
        b"phone,a\n" + b'"\n' * 300,
        b'phone,a\n1,"' + b"6900000001\n" * 300,
        b"phone,a\n" + b"\r" * 300,
        b"phone\n" + b"1\0\n" * 300,
    ],
    ids=["blank lines", "quotation marks", "an open cell", "carriage returns", "NULs"],
)
def test_a_job_of_no_time_moves_on_and_the_last_one_ends(monkeypatch, content):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 50)
    import_id = upload(content)
    before = 0
    while (shown := run(import_id, seconds=0)).status == "running":
        assert before < next_line(import_id) <= before + 160
        before = next_line(import_id)
    assert shown.status == "done"
    assert rows("SELECT 1 FROM customer") == []


def test_a_part_is_written_when_its_time_is_over_however_few_its_lines_are():
    import_id = upload(b"phone\n" + b"".join(b"69%08d\n" % n for n in range(40)))
    # Each look at the clock is a second later: a part is five lines, and the job ends after ten seconds.
    shown = run(import_id, seconds=10, clock=count().__next__)
    assert shown.status == "running"
    assert 5 <= shown.imported <= 10
    assert run(import_id).imported == 40


def test_the_next_job_does_not_read_again_what_is_before(monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 300)
    monkeypatch.setattr("dispatch.customers.import_upload.PART_BYTES", 100)
    import_id = upload(b"phone\n" + b"".join(b"69%08d\n" % n for n in range(3_000)))
    fetched = []
    read = CustomerImportPart.read
    monkeypatch.setattr(CustomerImportPart, "read", lambda of, part: fetched.append(part) or read(of, part))
    while run(import_id, seconds=0).bytes < 20_000:
        pass
    fetched.clear()
    run(import_id, seconds=0)
    # The first line, and what the decoder reads at once.
    assert len(fetched) < 2 * 8192 / 100 + 5
    assert run(import_id).imported == 3_000


@pytest.mark.parametrize("encoding", ["utf-16", "cp1253", "gb18030"])
def test_a_file_in_another_encoding_is_continued_too(monkeypatch, encoding):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    names = "".join(f"69{n:08d},αβγ\n" for n in range(9))
    import_id = upload(f"phone,first_name\n{names}".encode(encoding), encoding=encoding)
    while run(import_id, seconds=0).status == "running":
        pass
    assert read_import(asking(), import_id).imported == 9
    assert rows("SELECT DISTINCT first_name FROM customer") == [{"first_name": "αβγ"}]


def test_an_import_that_an_earlier_release_began_is_continued(monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    import_id = upload(b"phone\n" + b"".join(b"69%08d\n" % n for n in range(9)))
    run(import_id, seconds=0)
    rows("UPDATE customer_import SET resume = NULL")
    assert run(import_id).imported == 9
