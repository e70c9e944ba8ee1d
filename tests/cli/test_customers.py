"""`customers import` as a separate process: JSON for scripts, sentences for people."""

import json
import subprocess
import sys

import pytest

from models.database import rows
from tests.factories import an_account


@pytest.fixture
def customers_import(db, tmp_path):
    """Runs `python -m cli customers import` on a file with this content."""
    an_account(0, name="Acme", country="GR")
    file = tmp_path / "customers.csv"

    def run(content, *options):
        file.write_text(content)
        command = [sys.executable, "-m", "cli", "customers", "import", str(file), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_json_is_one_object_and_nothing_else(customers_import, tmp_path):
    done = customers_import(
        "phone,first_name\n6900000001,Ελένη\n12345,Νίκος\n", "--account", "Acme", "--list", "spring", "--json"
    )
    assert done.returncode == 0, done.stderr
    list_id = rows("SELECT id FROM customer_list WHERE name = 'spring'")[0]["id"]
    assert json.loads(done.stdout) == {
        "imported": 1,
        "updated": 0,
        "repeated": 0,
        "not_asked": 0,
        "rejected": 1,
        "list_id": list_id,
        "mapping": {"phone": "phone", "first_name": "first_name"},
        "phone_types": {"mobile": 1},
    }
    assert (tmp_path / "rejected-customers.csv").read_text().splitlines()[1] == "12345,Νίκος,3,phone: too short,"


def test_the_country_option_wins_over_the_account(customers_import):
    options = ("--account", "Acme", "--list", "spring", "--country", "us")
    done = customers_import("phone\n(202) 555-0123\n", *options)
    assert done.returncode == 0, done.stderr
    assert rows("SELECT phone FROM customer") == [{"phone": "+12025550123"}]


def test_the_imported_file_is_never_overwritten_by_its_rejects(customers_import, tmp_path):
    file = tmp_path / "customers.csv"
    done = customers_import("phone\n12345\n", "--account", "Acme", "--list", "spring", "--rejects", str(file))
    assert done.returncode == 1
    assert file.read_text() == "phone\n12345\n"


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        ("phone\n", ("--account", "Nobody", "--list", "spring"), "RESOURCE_NOT_FOUND"),
        ("name\nAnn\n", ("--account", "Acme", "--list", "spring"), "INVALID_REQUEST"),
        ("phone\n", ("--account", "Acme", "--list", "spring", "--country", "XX"), "INVALID_REQUEST"),
        ("phone\n", ("--account", "Acme", "--list", "spring", "--rejects", "/nowhere/at/all.csv"), "REFUSED"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_in_one_sentence_with_status_1(
    customers_import, content, options, code
):
    done = customers_import(content, *options, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == code
    assert rows("SELECT id FROM customer_list") == []
