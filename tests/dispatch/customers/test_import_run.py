"""An uploaded file is imported exactly like a local file, whatever happens to the workers meanwhile."""

import csv
from io import BytesIO, StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis import RedisError

from dispatch import queues
from dispatch.customers import import_run, imports
from dispatch.customers.customers import list_customers
from dispatch.customers.import_run import MAX_TAKEOVERS, continue_import
from dispatch.customers.import_upload import CustomerImportView, Wish, read_import, rejected_lines, start_import
from dispatch.customers.imports import import_customers
from dispatch.customers.lists import delete_list
from dispatch.errors import InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.csv_in import checked_lines
from dispatch.recovery import recover
from jobs.queue_worker import QueueWorker
from models.customers.imports import CustomerImport
from models.database import changed, row, rows
from tests.factories import an_account, asking
from tests.racing import race

pytestmark = pytest.mark.usefixtures("db", "redis")

EXAMPLE = Path(__file__).parents[3] / "examples" / "customers.csv"
# Quotes, blank lines, a cell of two lines, one that is never closed, a NUL, repeated phones.
DIFFICULT = (
    b'\xef\xbb\xbfPhone;First Name;tier\r\n6900000001;Ann;gold\r\n\r\n6900000002;"Two\nlines";\r\n12345;Short;\r\n'
    b'6900000003;"Open";x"\r\n6900000004;Andr\0;\r\n=1+1;Formula;\r\n6900000001;Anna;silver\r\n6900000005;Last;x'
)


@pytest.fixture
def account():
    return an_account(country="GR").id


def upload(account_id, content, **options) -> CustomerImportView:
    file = BytesIO(content if isinstance(content, bytes) else content.encode())
    return start_import(asking(account_id), file, Wish(options.pop("list_name", "spring"), **options))


def token_of(import_id: int) -> UUID:
    return row("SELECT token FROM customer_import WHERE id = %s", [import_id])["token"]


def run(import_id: int, **options) -> CustomerImportView:
    """Continues the import as one job does."""
    continue_import(import_id, token_of(import_id), **options)
    return read_import(asking(), import_id)


def work(redis) -> None:
    """Runs everything in the queue, as a worker process does."""
    QueueWorker(queues.PREPARE, name=f"worker-{uuid4().hex}", connection=redis).work(burst=True, logging_level=None)


csv.field_size_limit(10_000_000)


def rejects(import_id: int) -> list[dict]:
    text = "".join(rejected_lines(asking(), import_id))
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))


def many(lines: int, *, wrong: int = 0) -> str:
    good = "".join(f"69{n:08d},Name{n}\n" for n in range(lines))
    return f"phone,first_name\n{good}" + "12345,Wrong\n" * wrong


def counts(shown: CustomerImportView) -> tuple:
    return shown.imported, shown.updated, shown.repeated, shown.rejected


def customers() -> list[dict]:
    return rows("SELECT phone, first_name, last_name, location, prefered_product, attributes FROM customer ORDER BY 1")


def members() -> int:
    return row("SELECT count(*) AS members FROM list_member")["members"]


def test_a_job_imports_the_file_and_deletes_it(account, redis):
    made = upload(account, "phone,first_name\n6900000001,Ελένη\n12345,Short\n", file_name="customers.csv")
    assert (made.status, made.lines, made.file_name) == ("queued", 0, "customers.csv")
    work(redis)
    done = read_import(asking(account), made.id)
    assert (done.status, counts(done), done.lines) == ("done", (1, 0, 0, 1), 2)
    assert done.bytes == done.size == made.size
    assert done.ended_at >= done.started_at >= done.created_at
    assert [customer["first_name"] for customer in customers()] == ["Ελένη"]
    assert rejects(made.id) == [
        {
            "phone": "12345",
            "first_name": "Short",
            "rejected_line": "3",
            "rejected_reason": "phone: too short",
            "rejected_text": "",
        }
    ]
    assert rows("SELECT 1 FROM customer_import_part") == []


@pytest.mark.parametrize("content", [EXAMPLE.read_bytes(), DIFFICULT], ids=["example", "difficult"])
@pytest.mark.parametrize("chunk", [1, 3, 10_000])
def test_the_result_is_the_same_as_from_a_local_file(account, monkeypatch, tmp_path, content, chunk):
    file, rejected = tmp_path / "customers.csv", tmp_path / "rejected.csv"
    file.write_bytes(content)
    with file.open("rb") as raw:
        report = import_customers(
            asking(account), checked_lines(raw), list_name="spring", default_country="GR", rejects_path=rejected
        )
    expected, on_list = customers(), members()
    with rejected.open(newline="", encoding="utf-8-sig") as lines:
        expected_rejects = list(csv.DictReader(lines))
    rows("TRUNCATE customer CASCADE")
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", chunk)
    # No time at all: every chunk is a job of its own, which has to find its place again.
    import_id = upload(account, content).id
    while (shown := run(import_id, seconds=0)).status == "running":
        pass
    assert counts(shown) == (report.imported, report.updated, report.repeated, report.rejected)
    assert (customers(), members()) == (expected, on_list)
    assert rejects(import_id) == expected_rejects


def test_a_file_of_several_parts_is_put_together_again(account, monkeypatch):
    monkeypatch.setattr("dispatch.customers.import_upload.PART_BYTES", 7)
    content = "phone,first_name\n6900000001,Ελένη\n6900000002,😀\n"
    import_id = upload(account, content).id
    assert row("SELECT count(*) AS parts FROM customer_import_part")["parts"] > 5
    assert counts(run(import_id)) == (2, 0, 0, 0)
    assert [customer["first_name"] for customer in customers()] == ["Ελένη", "😀"]


def test_progress_is_visible_after_each_chunk(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)
    monkeypatch.setattr("dispatch.customers.import_upload.PART_BYTES", 64)
    import_id = upload(account, many(30)).id
    seen = []
    while (shown := run(import_id, seconds=0)).status == "running":
        seen.append((shown.lines, 0 < shown.bytes <= shown.size))
    assert seen[:2] == [(10, True), (20, True)]
    assert (shown.status, shown.lines) == ("done", 30)


def test_a_job_that_ran_out_of_time_pushes_the_next(account, monkeypatch, redis):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)
    import_id = upload(account, many(30)).id
    redis.flushall()
    run(import_id, seconds=0)
    assert queues.queued_imports() == {import_id}
    work(redis)
    assert counts(read_import(asking(), import_id)) == (30, 0, 0, 0)


def test_an_import_gives_way_to_a_preparation(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)
    import_id = upload(account, many(30)).id
    queues.push_preparation(404, uuid4(), account)
    assert run(import_id).lines == 10
    order = [job_id.startswith("i-") for job_id in queues.queue(queues.PREPARE).job_ids]
    assert order == [True, False, True]


def test_a_worker_that_dies_in_a_chunk_costs_nothing(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)
    import_id = upload(account, many(30, wrong=5)).id
    keep = CustomerImport.count
    told = []

    def die_in_the_second(*arguments, **values):
        told.append(values)
        if len(told) == 2:
            raise KeyboardInterrupt
        keep(*arguments, **values)

    monkeypatch.setattr(CustomerImport, "count", die_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(import_id)
    assert (counts(read_import(asking(), import_id)), len(customers())) == ((10, 0, 0, 0), 10)
    assert counts(run(import_id)) == (30, 0, 0, 5)
    assert (len(customers()), members(), len(rejects(import_id))) == (30, 30, 5)


def test_a_job_that_runs_twice_counts_nothing_twice(account, monkeypatch, db):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 20)
    import_id = upload(account, many(200, wrong=10)).id
    token = token_of(import_id)

    race(*[lambda: continue_import(import_id, token)] * 2)
    assert counts(read_import(asking(), import_id)) == (200, 0, 0, 10)
    assert (len(customers()), len(rejects(import_id))) == (200, 10)


def test_a_job_with_an_old_token_does_nothing(account):
    import_id = upload(account, many(3)).id
    continue_import(import_id, uuid4())
    assert read_import(asking(), import_id).status == "queued"
    run(import_id)
    continue_import(import_id, uuid4())
    assert counts(read_import(asking(), import_id)) == (3, 0, 0, 0)


def long_ago() -> None:
    changed("UPDATE customer_import SET touched_at = touched_at - interval '2 minutes'")


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_import_whose_job_redis_forgot_is_taken_over(account, redis, status):
    import_id = upload(account, many(3)).id
    rows("UPDATE customer_import SET status = %s", [status])
    old = token_of(import_id)
    redis.flushall()
    assert recover() == {}  # not yet: a job may be at work
    long_ago()
    assert recover() == {"imports_taken_over": 1}
    assert token_of(import_id) != old
    work(redis)
    assert counts(read_import(asking(), import_id)) == (3, 0, 0, 0)


def test_an_import_that_waits_in_the_queue_is_left_alone(account):
    upload(account, many(3))
    long_ago()
    assert recover() == {}


def test_an_import_that_always_kills_its_worker_fails_and_keeps_what_was_imported(account, redis, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    import_id = upload(account, many(3)).id
    run(import_id, seconds=0)
    for _ in range(MAX_TAKEOVERS):
        redis.flushall()
        long_ago()
        assert recover() == {"imports_taken_over": 1}
    redis.flushall()
    long_ago()
    assert recover() == {"imports_failed": 1}
    failed = read_import(asking(), import_id)
    assert (failed.status, counts(failed)) == ("failed", (2, 0, 0, 0))
    assert "5 times" in failed.error
    assert rows("SELECT 1 FROM customer_import_part") == []
    long_ago()
    assert recover() == {}


def test_progress_resets_the_count_of_takeovers(account, redis, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    import_id = upload(account, many(9)).id
    for _ in range(MAX_TAKEOVERS):
        redis.flushall()
        long_ago()
        recover()
    run(import_id, seconds=0)
    redis.flushall()
    long_ago()
    assert recover() == {"imports_taken_over": 1}


def test_without_redis_the_file_is_kept_and_no_takeover_is_used_up(account, redis, monkeypatch):
    monkeypatch.setattr(queues, "queue", lambda name: unreachable())
    import_id = upload(account, many(3)).id
    long_ago()
    assert recover() == {}
    monkeypatch.undo()
    assert recover() == {"imports_taken_over": 1}
    work(redis)
    assert counts(read_import(asking(), import_id)) == (3, 0, 0, 0)


def unreachable():
    raise RedisError


def test_a_file_that_becomes_unreadable_fails_with_the_reason(account):
    import_id = upload(account, many(3)).id
    rows("UPDATE customer_import_part SET content = 'name\nAnn\n'")
    failed = run(import_id)
    assert failed.status == "failed"
    assert "phone" in failed.error


def test_an_overlong_line_is_rejected_and_the_next_one_imported(account):
    content = "phone,first_name\n6900000001," + "x" * 5_000_000 + "\n6900000002,Good\n"
    import_id = upload(account, content).id
    assert counts(run(import_id)) == (1, 0, 0, 1)
    [rejected] = rejects(import_id)
    assert (rejected["rejected_line"], rejected["rejected_reason"]) == ("2", "longer than 2,000,000 characters")
    assert rejected["rejected_text"].startswith("6900000001,xxx")


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (b"", {}, "empty"),
        (b"\n", {}, "phone"),
        (b"name,email\nAnn,ann@example.org\n", {}, "phone"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, {}, "picture"),
        ("phone\n6900000001\n".encode("utf-16-le"), {}, "utf-16"),
        (b"," * 3_000_000, {}, "longer than"),
        (b"phone\n6900000001\n", {"country": "XX"}, "country"),
        (b"phone\n6900000001\n", {"list_name": " "}, "list"),
        (b"phone\n6900000001\n", {"list_name": "x" * 201}, "list"),
    ],
    ids=range(9),
)
def test_obvious_mistakes_are_refused_at_upload_and_leave_nothing(account, content, options, says):
    with pytest.raises(InvalidRequest, match=says):
        upload(account, content, **options)
    assert rows("SELECT 1 FROM customer_import") == rows("SELECT 1 FROM customer_list") == []


def test_a_list_cannot_be_deleted_while_an_import_fills_it(account):
    made = upload(account, many(3))
    with pytest.raises(InvalidStatus, match="import"):
        delete_list(asking(account), made.list_id)
    run(made.id)
    delete_list(asking(account), made.list_id)
    shown = read_import(asking(), made.id)
    assert (shown.list_id, shown.list_name) == (None, "spring")
    assert list_customers(asking(account)).total == 3


def test_another_accounts_import_does_not_exist(account):
    import_id = upload(account, many(1)).id
    other = an_account().id
    with pytest.raises(NotFound):
        read_import(asking(other), import_id)
    with pytest.raises(NotFound):
        rejected_lines(asking(other), import_id)


def test_many_rejected_lines_are_read_page_by_page(account, monkeypatch):
    monkeypatch.setattr("models.export.ROWS_PER_PAGE", 3)
    import_id = upload(account, many(1, wrong=10)).id
    run(import_id)
    assert [int(each["rejected_line"]) for each in rejects(import_id)] == list(range(3, 13))


def test_a_stopping_worker_hands_the_rest_on(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    import_id = upload(account, many(9)).id
    monkeypatch.setattr(import_run.stopping(), "asked", True)
    assert run(import_id).lines == 2
    monkeypatch.undo()
    assert counts(run(import_id)) == (9, 0, 0, 0)
