"""`customers`, `lists` and `suppressions`: what people see, and refusals that change nothing."""

import csv

import pytest

from models.database import row, rows
from tests.cli.refusing import assert_refused
from tests.factories import a_list, an_account, customers
from tests.stored import stored_rows

PHONE = "+306912345678"


@pytest.fixture
def acme(cli):
    """An account with three customers on a list."""
    account = an_account(name="Acme", country="GR")
    a_list(account, 3, name="spring")
    return account


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("customers", "edit", 1, "--phone", "12"), "INVALID_REQUEST", "phone"),
        (("customers", "edit", 1, "--phone", "+306900000001"), "DUPLICATE", ""),
        (("customers", "edit", 1, "--zone", "Mars/Olympus"), "INVALID_REQUEST", "Europe/Athens"),
        (("customers", "edit", 1, "--first-name", "x" * 10_000), "INVALID_REQUEST", ""),
        (("lists", "create", "spring", "--account", "Acme"), "DUPLICATE", "spring"),
        (("lists", "create", " ", "--account", "Acme"), "INVALID_REQUEST", ""),
        (("lists", "rename", "spring", " ", "--account", "Acme"), "INVALID_REQUEST", ""),
        (("lists", "rename", "gone", "there", "--account", "Acme"), "RESOURCE_NOT_FOUND", "gone"),
        (("lists", "members", "gone", "--account", "Acme"), "RESOURCE_NOT_FOUND", "gone"),
        (("lists", "add", "spring", "--customers", "1,999", "--account", "Acme"), "CUSTOMER_NOT_FOUND", "999"),
        (("lists", "add", "spring", "--customers", "1,two", "--account", "Acme"), "INVALID_REQUEST", "1,2,3"),
        (("lists", "remove", "spring", "--customers", "-1", "--account", "Acme"), "INVALID_REQUEST", "1,2,3"),
        (("suppressions", "add", "12", "--account", "Acme"), "INVALID_REQUEST", "phone"),
        (("suppressions", "remove", PHONE, "--account", "Acme"), "RESOURCE_NOT_FOUND", "not suppressed"),
    ],
)
def test_an_invalid_request_is_refused_and_changes_nothing(cli, acme, words, code, says):
    assert_refused(cli, *words, code=code, says=says)


@pytest.mark.parametrize(
    "words",
    [
        ("customers", "edit", 1, "--consent", "maybe"),
        ("customers", "import", "/nowhere.csv", "--account", "Acme", "--list", "x"),
        ("suppressions", "import", "/nowhere.csv", "--account", "Acme"),
    ],
)
def test_an_invalid_argument_is_a_usage_error(cli, acme, words):
    answer = cli(*words, "--json")
    assert (answer.status, answer.stdout) == (2, "")


def test_people_see_a_line_for_each_customer(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    header, *lines = cli("customers", "list", "--account", "Acme").stdout.splitlines()
    assert {"id", "phone", "first_name", "consent", "suppressed"} <= set(header.split())
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert cli("lists", "members", "spring", "--account", "Acme").stdout.splitlines() == [header, *lines]
    assert "First0" in cli("customers", "show", 1).stdout
    assert "spring" in cli("lists", "list").stdout


def test_lists_are_searched_by_name(cli, acme):
    cli("lists", "create", "summer", "--account", "Acme")
    assert [each["name"] for each in cli("lists", "list", "--search", "summ", "--json").json] == ["summer"]


def test_suppressions_are_searched_by_phone_and_reason(cli, acme):
    cli("suppressions", "add", PHONE, "--account", "Acme", "--reason", "complaint")
    cli("suppressions", "add", "+306911111111", "--account", "Acme")
    for text in ("5678", "compl"):
        [found] = cli("suppressions", "list", "--account", "Acme", "--search", text, "--json").json
        assert found["phone"] == PHONE


def test_a_number_is_suppressed_once_and_keeps_its_first_reason(cli, acme):
    first = cli("suppressions", "add", PHONE, "--account", "Acme", "--reason", "complaint", "--json").json
    again = cli("suppressions", "add", PHONE, "--account", "Acme", "--reason", "other", "--json").json
    assert again == first
    assert row("SELECT count(*) AS numbers FROM suppression") == {"numbers": 1}


def test_a_file_of_numbers_says_how_many_were_new_known_and_wrong(cli, acme, tmp_path):
    file = tmp_path / "optouts.csv"
    file.write_text(f"phone,reason\n{PHONE},complaint\n{PHONE},again\n12,\n")
    report = cli("suppressions", "import", file, "--account", "Acme", "--json").json
    assert (report["added"] + report["known"], report["rejected"]) == (2, 1)
    assert rows("SELECT phone FROM suppression") == [{"phone": PHONE}]


@pytest.mark.parametrize("verb", ["customers", "suppressions"])
def test_a_file_without_a_column_phone_is_refused(cli, acme, tmp_path, verb):
    file = tmp_path / "wrong.csv"
    file.write_text("number\n1\n")
    options = ("--list", "new") if verb == "customers" else ()
    assert_refused(cli, verb, "import", file, "--account", "Acme", *options, code="INVALID_REQUEST", says="phone")


@pytest.mark.parametrize("tried", [(), ("--dry-run",)], ids=["import", "dry run"])
@pytest.mark.parametrize("line", ["phone,Blocked\n6911111111,no\n", "phone,Status\n6911111111,Unsubscribed\n"])
def test_what_may_be_an_opt_out_is_asked_with_the_option_that_answers(cli, acme, tmp_path, line, tried):
    file = tmp_path / "people.csv"
    file.write_text(line)
    name = line.split("\n")[0].split(",")[1]
    options = ("customers", "import", file, "--account", "Acme", "--list", "new", *tried)
    assert_refused(cli, *options, code="INVALID_REQUEST", says=f"--map consent={name}")
    assert cli(*options, "--map", f"attribute:{name}={name}", "--json").json["imported"] == 1


def test_an_import_says_how_many_were_not_asked_for_consent(cli, acme, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("phone,SMS consent\n6911111111,never subscribed\n")
    options = ("customers", "import", file, "--account", "Acme", "--list", "new")
    assert "Lines of people not asked for consent, who are unsubscribed if new: 1" in cli(*options).stdout
    assert cli(*options, "--json").json["not_asked"] == 1


def test_an_import_tells_people_its_counts_and_where_rejected_lines_are(cli, acme, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("phone,first_name\n6911111111,Ann\n12,Bob\n2101234567,Eve\n")
    answer = cli("customers", "import", file, "--account", "Acme", "--list", "new")
    assert "2 imported, 0 updated, 1 rejected" in answer.stdout
    assert "no texts unless the account's text_to names their kind: 1 fixed" in answer.stdout.replace("\n", " ")
    assert str(tmp_path / "rejected-people.csv") in answer.stderr.replace("\n", "")
    with (tmp_path / "rejected-people.csv").open(newline="") as rejected:
        assert len(list(csv.reader(rejected))) == 2


def test_an_export_replaces_an_older_one(cli, acme, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("old\n" * 1000)
    cli("customers", "export", file, "--account", "Acme")
    with file.open(newline="", encoding="utf-8-sig") as lines:
        assert len(list(csv.DictReader(lines))) == 3


def test_a_deleted_customer_is_off_every_list(cli, acme):
    assert "deleted" in cli("customers", "delete", 1).stdout
    assert [each["id"] for each in cli("lists", "members", "spring", "--account", "Acme", "--json").json] == [3, 2]


def test_a_phone_may_be_typed_with_spaces_and_punctuation(cli, acme):
    assert cli("customers", "edit", 1, "--phone", "691 234 5678", "--json").json["phone"] == PHONE


def test_names_and_encoding_of_a_file_can_be_told_and_what_was_understood_is_said(cli, acme, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes("Επαφή;Vorname\n6911111111;Ελένη\n".encode("cp1253"))
    words = ("customers", "import", file, "--account", "Acme", "--list", "new")
    assert_refused(cli, *words, code="INVALID_REQUEST", says="windows-1253")
    assert_refused(cli, *words, "--encoding", "windows-1253", code="INVALID_REQUEST", says="--map phone=NAME")
    answer = cli(*words, "--encoding", "windows-1253", "--map", "phone=Επαφή")
    assert "Columns: phone = Επαφή, first_name = Vorname" in answer.stderr
    assert "1 imported, 0 updated, 0 rejected" in answer.stdout
    assert cli(*words, "--map", "phone").status == 2


def test_standard_input_is_read_and_standard_output_written_as_a_dash(cli, acme):
    exported = cli("customers", "export", "-", "--account", "Acme")
    assert exported.stdout.startswith("\ufeffphone,first_name")
    words = ("customers", "import", "-", "--account", "Acme", "--list", "new", "--json")
    answer = cli(*words, input=exported.stdout)
    assert (answer.json["updated"], answer.json["rejected"]) == (3, 0)


def test_a_csv_on_standard_output_is_not_called_json(cli, acme):
    answer = cli("customers", "export", "-", "--account", "Acme", "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert "leave out --json" in answer.stderr


def test_a_dry_run_says_what_would_be_imported_and_imports_nothing(cli, acme, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("phone\n6911111111\n6911111111\n12\n")
    before = stored_rows()
    answer = cli("customers", "import", file, "--account", "Acme", "--list", "new", "--dry-run")
    assert "1 imported, 0 updated, 1 repeated, 1 rejected; only tried, nothing is written" in answer.stdout
    assert stored_rows() == before


def test_the_kinds_of_an_accounts_numbers_are_counted(cli, acme):
    customers(acme, 2, first_phone="+306911111111")
    customers(acme, 1, first_phone="+302101234567")
    assert cli("customers", "phone-types", "--account", "Acme", "--json").json == {"mobile": 5, "fixed": 1}


def test_the_attributes_of_customers_are_listed(cli, acme):
    rows("""UPDATE customer SET attributes = '{"visits": "3"}' WHERE id = 1""")
    listed = cli("customers", "attributes", "--account", "Acme", "--json").json
    assert [(each["name"], each["type"], each["customers"]) for each in listed] == [("visits", "number", 1)]
