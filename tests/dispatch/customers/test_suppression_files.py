"""A file of numbers that must not be messaged: what is in it is suppressed, and nothing else."""

import csv
from io import BytesIO

import pytest

from dispatch.customers import suppression_lines
from dispatch.customers.import_run import continue_import
from dispatch.customers.import_upload import Wish, delete_import, read_import, rejected_lines, start_import
from dispatch.customers.imports import import_customers
from dispatch.customers.open_imports import check_no_import
from dispatch.customers.suppression_files import import_suppressions, suppress_csv, suppress_numbers
from dispatch.errors import ImportRunning, InvalidStatus, NotFound
from dispatch.formats.csv_in import lines_of
from models.campaigns.campaign import Campaign
from models.database import rows
from tests.dispatch.customers.importing import run
from tests.factories import a_campaign, an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")

# A mobile in Greece, or a landline in Berlin.
AMBIGUOUS, BOTH = "306912345678", ["+306912345678", "+49306912345678"]


@pytest.fixture
def account():
    return an_account(country="GR").id


def lines(text):
    return lines_of(BytesIO(text.encode()))


def suppressed():
    return [each["phone"] for each in rows("SELECT phone FROM suppression ORDER BY phone")]


def upload(account_id, text, **options):
    return start_import(asking(account_id), BytesIO(text.encode()), Wish(None, **options))


def test_what_is_left_of_a_broken_record_suppresses_nobody(account):
    text = 'phone,reason\n6912340001,"ask wife first\n6912340002\n6912340003,left\n'
    report = suppress_csv(asking(account), lines(text))
    assert (report.added, report.rejected) == (0, 3)
    assert [each.line for each in report.rejections] == [2, 3, 4]


def test_a_number_that_may_be_two_is_suppressed_in_both_readings_and_told():
    german = an_account(country="DE").id
    report = suppress_numbers(asking(german), [AMBIGUOUS, "0151 12345678"])
    assert (report.added, report.rejected, report.ambiguous) == (2, 0, 1)
    assert suppressed() == sorted(["+4915112345678", *BOTH])
    again = suppress_numbers(asking(german), [AMBIGUOUS])
    assert (again.added, again.known, again.ambiguous) == (0, 1, 1)


def test_a_line_counts_once_though_its_number_comes_in_two_ways(account):
    report = suppress_numbers(asking(account), ["6912340001", "+306912340001", "x", "6912340002"])
    assert (report.added, report.known, report.rejected) == (2, 1, 1)


@pytest.mark.parametrize("chunk", [1, 2, 5_000])
def test_a_job_suppresses_a_file_like_a_command_and_keeps_the_rejected_lines(account, tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(suppression_lines, "LINES_PER_CHUNK", chunk)
    text = "Mobile,reason,name\n6912340001,moved,Ann\n\nx,,Bob\n6912340001,,\n6912340002;1,a,b\n6912340003\n"
    import_id = upload(account, text, file_name="optouts.csv").id
    while (shown := run(import_id, seconds=0)).status == "running":
        pass
    assert (shown.kind, shown.status, shown.list_id) == ("suppressions", "done", None)
    assert (shown.imported, shown.updated, shown.rejected, shown.lines) == (2, 1, 2, 5)
    assert {each["source"] for each in rows("SELECT source FROM suppression")} == {"api"}
    by_job = suppressed()
    rejected = "".join(rejected_lines(asking(), import_id))
    rows("TRUNCATE suppression")
    file = tmp_path / "rejected.csv"
    report = import_suppressions(asking(account), lines(text), rejects_path=file)
    assert (report.added, report.known, report.rejected) == (2, 1, 2)
    assert (suppressed(), file.read_bytes().decode()) == (by_job, rejected)
    found = list(csv.DictReader(rejected.removeprefix("\ufeff").splitlines()))
    assert [(each["Mobile"], each["name"], each["rejected_line"]) for each in found] == [
        ("x", "Bob", "4"),
        ("6912340002;1", "b", "6"),
    ]


def test_repaired_rejected_lines_are_imported_as_they_are(account, tmp_path):
    file = tmp_path / "rejected.csv"
    import_suppressions(asking(account), lines("phone,reason\nx691 2340001,moved\n"), rejects_path=file)
    repaired = file.read_text().replace("x691", "691")
    assert import_suppressions(asking(account), lines(repaired)).added == 1
    assert rows("SELECT phone, reason FROM suppression") == [{"phone": "+306912340001", "reason": "moved"}]


def test_a_trial_suppresses_nobody_and_counts_as_the_import_would(account, monkeypatch):
    monkeypatch.setattr(suppression_lines, "LINES_PER_CHUNK", 2)
    suppress_numbers(asking(account), ["6912340003"])
    text = "phone\n6912340001\n6912340002\n6912340001\n6912340003\nx\n"
    report = import_suppressions(asking(account), lines(text), dry_run=True)
    import_id = upload(account, text, dry_run=True).id
    while (shown := run(import_id, seconds=0)).status == "running":
        pass
    assert suppressed() == ["+306912340003"]
    assert rows("SELECT 1 FROM customer_import_phone") == []
    real = import_suppressions(asking(account), lines(text))
    assert (report.added, report.known, report.rejected) == (real.added, real.known, real.rejected) == (2, 2, 1)
    assert (shown.dry_run, shown.imported, shown.updated, shown.rejected) == (True, 2, 2, 1)


def test_a_trial_of_customers_over_http_writes_no_customer_and_no_list(account, monkeypatch):
    monkeypatch.setattr("dispatch.customers.imports.LINES_PER_CHUNK", 2)
    text = "phone,consent\n6912340001,\n6912340002,unsubscribed\n6912340001,\n6912340003,\nx,unsubscribed\n"
    import_customers(asking(account), ["phone\n", "6912340003\n"], list_name="a", default_country="GR")
    before = [rows(f"SELECT * FROM {table}") for table in ("customer", "customer_list", "list_member", "suppression")]
    tried = start_import(asking(account), BytesIO(text.encode()), Wish("new", dry_run=True)).id
    while (shown := run(tried, seconds=0)).status == "running":
        pass
    assert before == [
        rows(f"SELECT * FROM {table}") for table in ("customer", "customer_list", "list_member", "suppression")
    ]
    real = run(start_import(asking(account), BytesIO(text.encode()), Wish("new")).id)
    counted = [(each.imported, each.updated, each.repeated, each.rejected) for each in (shown, real)]
    assert counted == [(2, 1, 1, 1)] * 2


def test_whoever_unsubscribes_on_a_line_that_cannot_be_imported_gets_no_message():
    german = an_account(country="DE").id
    text = f"phone,consent,zone\n{AMBIGUOUS},unsubscribed,\n015112345678,unsubscribed,Mars\n015112345679,,Mars\n"
    shown = run(start_import(asking(german), BytesIO(text.encode()), Wish("spring")).id)
    assert (shown.imported, shown.rejected, shown.ambiguous) == (0, 3, 1)
    assert suppressed() == sorted(["+4915112345678", *BOTH])
    assert "both are suppressed" in "".join(rejected_lines(asking(), shown.id))


@pytest.mark.parametrize("audience", ["list", "customers", "everyone"])
def test_no_campaign_starts_while_numbers_are_being_suppressed(audience):
    account = an_account(country="GR")
    given = {
        "list": {"recipients": 2},
        "customers": {"customer_ids": customers(account, 1)},
        "everyone": {"everyone": True},
    }[audience]
    campaign = Campaign.find(a_campaign(account, **given).id, account.id)
    trial = upload(account.id, "phone\n6912340001\n", dry_run=True)
    check_no_import(campaign)
    import_id = upload(account.id, "phone\n6912340001\n").id
    with pytest.raises(ImportRunning, match="still suppressing numbers"):
        check_no_import(campaign)
    run(import_id)
    check_no_import(campaign)
    assert trial.kind == "suppressions"


def test_an_import_is_deleted_once_it_has_ended_and_what_it_did_stays(account):
    made = upload(account, "phone\n6912340001\nx\n")
    with pytest.raises(InvalidStatus, match="cancel it"):
        delete_import(asking(account), made.id)
    run(made.id)
    with pytest.raises(NotFound):
        delete_import(asking(an_account().id), made.id)
    delete_import(asking(account), made.id)
    with pytest.raises(NotFound):
        read_import(asking(account), made.id)
    assert rows("SELECT 1 FROM customer_import_reject") == []
    assert suppressed() == ["+306912340001"]
    with pytest.raises(NotFound):
        delete_import(asking(account), made.id)
    continue_import(made.id, made.account_id)  # a job that comes late
