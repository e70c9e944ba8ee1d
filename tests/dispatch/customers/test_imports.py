"""Imports into a real PostgreSQL: every line becomes a customer or is reported, and repeating one is harmless."""

import csv
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.customers import imports
from dispatch.customers.export import export_customers
from dispatch.customers.import_trial import try_import
from dispatch.customers.imports import ImportReport, import_customers
from dispatch.customers.suppressions import add_suppression
from dispatch.errors import InvalidRequest
from dispatch.formats.csv_in import checked_lines
from models.database import rows
from tests.factories import an_account, asking
from tests.racing import race
from tests.stored import stored_rows

EXAMPLE = Path(__file__).parents[3] / "examples" / "customers.csv"


@pytest.fixture
def account(db):
    return an_account(0, name="Acme").id


@pytest.fixture
def import_file(account, tmp_path):
    """Imports bytes or text as a file of Greek customers; returns the report and the rejected lines."""

    def run(content, *, account_id=account, list_name="spring", country="GR"):
        source, rejects = tmp_path / "customers.csv", tmp_path / "rejected.csv"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        with source.open("rb") as raw:
            report = import_customers(
                asking(account_id),
                checked_lines(raw),
                list_name=list_name,
                default_country=country,
                rejects_path=rejects,
            )
        return report, read_rejects(rejects)

    return run


def read_rejects(path):
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def customers():
    return rows(
        """SELECT phone, first_name, last_name, location, prefered_product, attributes
           FROM customer ORDER BY phone"""
    )


def counts(report):
    return report.imported, report.updated + report.repeated, report.rejected


def on_list(list_id):
    found = rows(
        "SELECT phone FROM list_member JOIN customer ON customer.id = customer_id WHERE list_id = %s ORDER BY 1",
        [list_id],
    )
    return [member["phone"] for member in found]


def test_a_line_becomes_a_customer_on_the_list(import_file):
    report, rejects = import_file(
        "phone,first_name,last_name,location,prefered_product,tier\n690 000 0001, Ελένη ,Βλάχου,Αθήνα,Παπούτσια,gold\n"
    )
    names = ("phone", "first_name", "last_name", "location", "prefered_product", "tier")
    assert report == ImportReport(
        1, 0, 0, 0, list_id=report.list_id, mapping={name: name for name in names}, phone_types={"mobile": 1}
    )
    assert rejects == []
    assert on_list(report.list_id) == ["+306900000001"]
    assert customers() == [
        {
            "phone": "+306900000001",
            "first_name": "Ελένη",
            "last_name": "Βλάχου",
            "location": "Αθήνα",
            "prefered_product": "Παπούτσια",
            "attributes": {"tier": "gold"},
        }
    ]


def test_the_example_file_is_imported_and_its_bad_lines_are_reported(account, tmp_path):
    rejects = tmp_path / "rejected.csv"
    with EXAMPLE.open("rb") as raw:
        report = import_customers(
            asking(account), checked_lines(raw), list_name="all", default_country="GR", rejects_path=rejects
        )
    with EXAMPLE.open(newline="") as file:
        total = sum(any(row) for row in csv.reader(file)) - 1
    assert report.imported > 350
    assert report.repeated > 10
    assert len(read_rejects(rejects)) == report.rejected > 10
    assert sum(counts(report)) == total
    assert len(on_list(report.list_id)) == report.imported == len(customers())


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_a_second_import_changes_nothing(account, monkeypatch, chunk):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", chunk)

    def run():
        with EXAMPLE.open("rb") as raw:
            return import_customers(asking(account), checked_lines(raw), list_name="all", default_country="GR")

    first, before = run(), customers()
    second = run()
    assert counts(second) == (0, first.imported + first.repeated, first.rejected)
    assert second.list_id == first.list_id
    assert customers() == before
    assert len(on_list(second.list_id)) == len(before)


def test_the_last_line_of_a_phone_wins_wherever_the_chunks_end(import_file, monkeypatch):
    text = "phone,first_name,tier\n6900000001,Old,gold\n+30 690 000 0002,Other,\n(690) 000 0001,New,\n"
    results = []
    for chunk in (1, 2, 100):
        rows("TRUNCATE customer CASCADE")
        monkeypatch.setattr(imports, "LINES_PER_CHUNK", chunk)
        results.append((counts(import_file(text)[0]), customers()))
    assert results[0] == results[1] == results[2]
    assert results[0][0] == (2, 1, 0)
    assert results[0][1][0]["first_name"] == "New"
    assert results[0][1][0]["attributes"] == {}


def test_missing_columns_keep_their_values_and_blank_cells_clear_them(import_file):
    import_file("phone,first_name,location,tier,city\n6900000001,Ελένη,Αθήνα,gold,Athens\n")
    import_file("phone,location,tier\n6900000001,,\n")
    (customer,) = customers()
    assert customer["first_name"] == "Ελένη"
    assert customer["location"] is None
    assert customer["attributes"] == {"city": "Athens"}


def test_an_import_does_not_subscribe_people_who_opted_out(import_file):
    import_file("phone\n6900000001\n")
    rows("UPDATE customer SET consent = 'unsubscribed'")
    import_file("phone,consent\n6900000001,subscribed\n")
    assert rows("SELECT consent FROM customer") == [{"consent": "unsubscribed"}]


def test_two_accounts_keep_their_own_customers_and_lists(import_file):
    other = an_account(0, name="Other").id
    first, _ = import_file("phone,first_name\n6900000001,Ours\n")
    second, _ = import_file("phone,first_name\n6900000001,Theirs\n", account_id=other)
    assert first.list_id != second.list_id
    assert counts(second) == (1, 0, 0)
    assert sorted(customer["first_name"] for customer in customers()) == ["Ours", "Theirs"]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffphone,first_name\n6900000001,Ελένη\n",
        "phone;first_name\r\n6900000001;Ελένη\r\n",
        "phone\tfirst_name\n6900000001\tΕλένη",
        "Phone , First Name\n6900000001,Ελένη\n",
        "first-name,phone\rΕλένη,6900000001\r",
        'phone,first_name\n"6900000001","Ελένη"\n',
        "phone,first_name,\n6900000001,Ελένη,\n\n,,\n",
        "phone,first_name\n6900000001,Ελένη,,,\n",
    ],
)
def test_files_as_spreadsheets_write_them_are_read(import_file, content):
    report, rejects = import_file(content)
    assert (counts(report), rejects) == ((1, 0, 0), [])
    assert [(customer["phone"], customer["first_name"]) for customer in customers()] == [("+306900000001", "Ελένη")]


def test_quoted_cells_may_contain_delimiters_quotes_and_line_breaks(import_file):
    import_file('phone,first_name,location\n6900000001,"Bob ""B"" Smith, Jr.","Αθήνα\nΚέντρο"\n')
    (customer,) = customers()
    assert (customer["first_name"], customer["location"]) == ('Bob "B" Smith, Jr.', "Αθήνα\nΚέντρο")


def test_a_rejected_line_is_reported_with_its_number_and_the_rest_imported(import_file):
    report, rejects = import_file(
        b"phone,first_name\n"
        b"6900000001,Good\n"
        b"12345,Short\n"
        b"\n"
        b"+44 7700 900123,Fiction\n"
        b"6900000002," + b"x" * 256 + b"\n"
        b"6900000004,N\x00l\n"
        b"6900000005,Two,many\n"
        b"6900000006,Good\n"
    )
    assert counts(report) == (2, 0, 5)
    assert [(reject["rejected_line"], reject["rejected_reason"]) for reject in rejects] == [
        ("3", "phone: too short"),
        ("5", "phone: not in use in its country"),
        ("6", "first_name is longer than 255 characters"),
        ("7", "contains a NUL character"),
        ("8", "3 values for 2 columns"),
    ]
    assert on_list(report.list_id) == ["+306900000001", "+306900000006"]


def test_a_quote_that_is_not_closed_costs_the_lines_that_may_belong_to_its_cell(import_file):
    lines = [f"69000000{n:02d},Name" for n in range(60)]
    lines[3] = '6900000003,"Open'
    lines[9] = '6900000009,"Good"'
    lines[50] = '6900000050,Inch 5"'
    report, rejects = import_file("phone,first_name\n" + "\n".join(lines) + "\n")
    assert counts(report) == (53, 0, 7)
    assert [reject["rejected_line"] for reject in rejects] == ["5", "6", "7", "8", "9", "10", "11"]
    assert rejects[0]["rejected_reason"] == "text follows a closed quotation mark"
    assert rejects[1]["rejected_reason"].startswith("belongs to the record of line 5, which cannot be read: ")


def test_the_rejects_file_runs_nothing_in_a_spreadsheet(import_file):
    _, rejects = import_file("phone\n=1+1\n+99912345678\n@SUM(1)\n")
    assert [reject["phone"][0] for reject in rejects] == ["'", "+", "'"]


@pytest.mark.parametrize("cell", ['"=""6900000001"""', '="6900000001"', '"""6900000001"""', '\'="6900000001"'])
def test_a_number_in_the_quotes_that_keep_a_spreadsheet_from_rounding_it_is_that_number(import_file, cell):
    _, rejects = import_file(f"phone,consent\n{cell},unsubscribed\n")
    assert rejects == []
    assert [each["phone"] for each in customers()] == ["+306900000001"]
    assert [each["phone"] for each in rows("SELECT phone FROM suppression")] == ["+306900000001"]


@pytest.mark.parametrize("cell", ['6900000001"', '="6900000001', '"6900000001""6900000002"'])
def test_a_number_beside_a_single_quotation_mark_may_be_of_a_broken_record(import_file, cell):
    import_file(f"phone\n{cell}\n6900000003\n")
    assert "+306900000001" not in [each["phone"] for each in customers()]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "name,email\nAnn,ann@example.org\n",
        "6900000001,Ann\n",
        "phone,first_name,first_name\n6900000001,A,B\n",
        "phone,preferred_product,prefered_product\n6900000001,A,B\n",
        "phone,first_name\n6900000001,Ελένη\n".encode("utf-16-le"),
        "phone," + ",".join(f"c{n}" for n in range(10_001)) + "\n",
    ],
)
def test_an_invalid_header_changes_nothing(import_file, content):
    with pytest.raises(InvalidRequest):
        import_file(content)
    assert rows("SELECT id FROM customer_list") == []


@pytest.mark.parametrize(("list_name", "country"), [("", "GR"), ("x" * 201, "GR"), ("spring", "XX")])
def test_an_unusable_list_or_country_changes_nothing(import_file, list_name, country):
    with pytest.raises(InvalidRequest):
        import_file("phone\n6900000001\n", list_name=list_name, country=country)
    assert customers() == []


def test_an_import_that_was_cut_short_is_finished_by_the_next(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)

    def lines(stop):
        yield "phone\n"
        for n in range(50):
            if n == stop:
                raise OSError("the disk went away")
            yield f"69000000{n:02d}\n"

    with pytest.raises(OSError, match="disk"):
        import_customers(asking(account), lines(25), list_name="spring", default_country="GR")
    assert len(customers()) == 20
    report = import_customers(asking(account), lines(None), list_name="spring", default_country="GR")
    assert counts(report) == (30, 20, 0)
    assert len(on_list(report.list_id)) == 50


def test_two_imports_of_the_same_phones_in_opposite_order_both_finish(account, db):
    phones = [f"69000{n:05d}\n" for n in range(4000)]
    together = threading.Barrier(2, timeout=20)

    class Lines(list):
        def __iter__(self):
            yield from super().__iter__()
            # Both have read everything and now write at the same moment.
            together.wait()

    def run(lines):
        return import_customers(asking(account), Lines(["phone\n", *lines]), list_name="spring", default_country="GR")

    first, second = race(lambda: run(phones), lambda: run(phones[::-1]))
    assert first.imported + second.imported == 4000
    assert first.updated + second.updated == 4000
    assert first.list_id == second.list_id
    assert len(on_list(first.list_id)) == 4000


def test_progress_is_reported_after_each_chunk(account, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 2)
    told = []
    lines = ["phone\n", *(f"690000000{n}\n" for n in range(5))]
    import_customers(asking(account), lines, list_name="spring", default_country="GR", progress=told.append)
    assert [report.imported for report in told] == [2, 4, 5]


def test_an_apostrophe_that_protects_a_number_does_not_come_into_an_attribute(import_file):
    import_file("phone,Customer ID,Total Spent\n6900000001,'6543210987654,12.50\n")
    assert rows("SELECT attributes FROM customer") == [
        {"attributes": {"customer_id": "6543210987654", "total_spent": "12.50"}}
    ]


def test_consent_unsubscribed_opts_the_customer_out_and_any_other_word_is_rejected(import_file):
    report, rejects = import_file(
        "phone,consent\n6900000001,unsubscribed\n6900000002,subscribed\n6900000003,\n6900000004,maybe\n"
    )
    assert counts(report) == (3, 0, 1)
    assert rejects[0]["rejected_reason"] == "consent is unsubscribed or subscribed, or yes or no"
    assert rows("SELECT phone, consent FROM customer ORDER BY phone") == [
        {"phone": "+306900000001", "consent": "unsubscribed"},
        {"phone": "+306900000002", "consent": "subscribed"},
        {"phone": "+306900000003", "consent": "unsubscribed"},
    ]
    assert rows("SELECT phone FROM suppression") == [{"phone": "+306900000001"}]
    assert not any(customer["attributes"] for customer in customers())


def test_a_zone_is_the_customers_own_and_one_that_does_not_exist_rejects_its_line(import_file):
    content = "phone,zone\n6912345671,asia/tokyo\n6912345672,\n6912345673,Mars/Olympus\n"
    report, rejected = import_file(content)
    assert (report.imported, report.rejected) == (2, 1)
    assert rejected[0]["rejected_reason"] == "zone is no IANA time zone, such as Europe/Athens"
    zones = rows("SELECT zone, attributes FROM customer ORDER BY phone")
    assert zones == [{"zone": "Asia/Tokyo", "attributes": {}}, {"zone": None, "attributes": {}}]


def test_zones_and_opt_outs_travel_to_another_account(import_file, db):
    import_file("phone,zone,consent\n6912345671,Asia/Tokyo,unsubscribed\n6912345672,,subscribed\n")
    (first,) = rows("SELECT id FROM account")
    exported = "".join(export_customers(asking(first["id"])))
    other = an_account(0, name="Other").id
    import_file(exported, account_id=other)
    moved = rows("SELECT phone, zone, consent FROM customer WHERE account_id = %s ORDER BY phone", [other])
    assert [tuple(one.values()) for one in moved] == [
        ("+306912345671", "Asia/Tokyo", "unsubscribed"),
        ("+306912345672", None, "subscribed"),
    ]
    assert rows("SELECT phone FROM suppression WHERE account_id = %s", [other]) == [{"phone": "+306912345671"}]


def test_who_is_suppressed_and_subscribed_is_suppressed_in_the_account_that_the_file_moves_to(import_file, db):
    import_file("phone\n6912345671\n6912345672\n")
    (first,) = rows("SELECT id FROM account")
    add_suppression(asking(first["id"]), phone="+306912345671", reason="complaint")
    exported = "".join(export_customers(asking(first["id"])))
    other = an_account(0, name="Other").id
    import_file(exported, account_id=other)
    moved = rows("SELECT phone, consent FROM customer WHERE account_id = %s ORDER BY phone", [other])
    assert [tuple(one.values()) for one in moved] == [("+306912345671", "subscribed"), ("+306912345672", "subscribed")]
    assert rows("SELECT phone FROM suppression WHERE account_id = %s", [other]) == [{"phone": "+306912345671"}]
    # Here nothing changes, not even why.
    import_file(exported, account_id=first["id"])
    assert rows("SELECT reason FROM suppression WHERE account_id = %s", [first["id"]]) == [{"reason": "complaint"}]


def test_a_value_that_cannot_be_stored_rejects_its_line_and_no_other(import_file):
    report, rejects = import_file('phone,json:age\n6900000001,"""\\u0000"""\n6900000002,42\n')
    assert counts(report) == (1, 0, 1)
    assert rejects[0]["rejected_reason"] == "a value cannot be stored: a text contains the character NUL"
    assert [customer["attributes"] for customer in customers()] == [{"age": 42}]


def test_rejected_lines_have_all_their_columns_and_are_imported_once_they_are_repaired(import_file, tmp_path):
    content = 'Mobile;Vorname;Tier\n12345;Ann;gold\n6900000001;Bob;\n6900000002;"Cid\n6900000003;Dan;x\n'
    report, rejects = import_file(content)
    assert counts(report) == (1, 0, 3)
    assert [list(each.values()) for each in rejects] == [
        ["12345", "Ann", "gold", "2", "phone: too short", ""],
        ["", "", "", "4", "a quotation mark is not closed", '6900000002;"Cid'],
        ["", "", "", "5", rejects[2]["rejected_reason"], "6900000003;Dan;x"],
    ]
    again = (tmp_path / "rejected.csv").read_bytes()
    report, rejects = import_file(again)
    assert counts(report) == (0, 0, 3)
    assert [each["rejected_text"] for each in rejects] == ["", '6900000002;"Cid', "6900000003;Dan;x"]
    repaired = again.replace(b"12345,", b"6900000005,")
    report, rejects = import_file(repaired)
    assert counts(report) == (1, 0, 2)
    (ann,) = [each for each in customers() if each["phone"] == "+306900000005"]
    assert (ann["first_name"], ann["attributes"]) == ("Ann", {"tier": "gold"})


def test_a_file_in_another_encoding_is_refused_as_a_whole(import_file):
    with pytest.raises(InvalidRequest, match="windows-1252"):
        import_file("phone,first_name\n6900000001,Ann\n6900000002,André\n".encode("cp1252"))
    assert customers() == rows("SELECT 1 FROM customer_list") == []


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_phone_that_comes_again_in_a_file_is_counted_as_repeated(import_file, monkeypatch, chunk):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", chunk)
    import_file("phone\n6900000001\n6900000002\n")
    report, _ = import_file("phone\n6900000001\n6900000003\n+30 690 000 0003\n12\n6900000001\n6900000003\n")
    assert (report.imported, report.updated, report.repeated, report.rejected) == (1, 1, 3, 1)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_a_dry_run_reports_what_an_import_would_do_and_changes_nothing(account, monkeypatch, tmp_path, chunk):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", chunk)
    lines = [line + "\n" for line in ("phone", "6900000001", "6900000002", "12", "6900000001", "6900000003")]
    options = {"default_country": "GR", "rejects_path": tmp_path / "rejected.csv"}
    import_customers(asking(account), lines[:3], list_name="all", default_country="GR")
    before = stored_rows()
    tried = try_import(asking(account), lines, **options)
    assert stored_rows() == before
    assert [each["phone"] for each in read_rejects(options["rejects_path"])] == ["12"]
    done = import_customers(asking(account), lines, list_name="all", **options)
    assert replace(done, list_id=None) == tried
    assert (tried.imported, tried.updated, tried.repeated, tried.rejected) == (1, 2, 1, 1)
