"""An exported file can be imported, and then everything is as it was."""

import json
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.customers.export import export_customers
from dispatch.customers.imports import import_customers
from dispatch.customers.suppression_files import entries_in_csv, export_suppressions, import_suppressions
from dispatch.formats.csv_in import lines_of
from models.customers.customer import TEXT_COLUMNS
from models.database import rows
from tests.factories import an_account, asking

PHONES = st.integers(0, 9999).map(lambda n: f"+30690000{n:04d}")
# What a name, reason or attribute may contain: no control characters, nothing to strip; often like a formula.
WORDS = st.one_of(st.text(max_size=20), st.text("'=+-@;,\"\t| a", max_size=8)).map(
    lambda text: "".join(character for character in text if character.isprintable()).strip()
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["tier", "=cmd", "shoe_size", "πόλη", "'quoted"]), WORDS.filter(bool), max_size=3
)
CUSTOMERS = st.dictionaries(PHONES, st.tuples(WORDS, WORDS, WORDS, WORDS, ATTRIBUTES), max_size=8)

with_database = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def accounts(db):
    """The account to export from and the one to import into."""
    return tuple(an_account(0, name=name, country="GR").id for name in ("ours", "theirs"))


def as_file(pieces):
    """Returns the lines as an uploaded file."""
    return lines_of(BytesIO("".join(pieces).encode()))


def customers_of(account_id):
    return rows(
        f"SELECT phone, {', '.join(TEXT_COLUMNS)}, attributes FROM customer WHERE account_id = %s ORDER BY phone",
        [account_id],
    )


@with_database
@given(CUSTOMERS)
def test_exported_customers_are_imported_unchanged(accounts, people):
    ours, theirs = accounts
    rows("DELETE FROM customer")
    for phone, (first, last, location, product, attributes) in people.items():
        rows(
            """INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product, attributes)
               VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)""",
            [ours, phone, first, last, location or None, product or None, json.dumps(attributes)],
        )
    exported = list(export_customers(asking(ours)))
    report = import_customers(asking(theirs), as_file(exported), list_name="all", default_country="GR")
    assert (report.imported, report.rejected) == (len(people), 0)
    assert customers_of(theirs) == customers_of(ours)
    before = customers_of(ours)
    import_customers(asking(ours), as_file(exported), list_name="all", default_country="GR")
    assert customers_of(ours) == before


@with_database
@given(st.dictionaries(PHONES, WORDS.filter(bool), max_size=8))
def test_exported_suppressions_are_imported_unchanged(accounts, reasons):
    ours, theirs = accounts
    rows("DELETE FROM suppression")
    for phone, reason in reasons.items():
        rows("INSERT INTO suppression (account_id, phone, reason) VALUES (%s, %s, %s)", [ours, phone, reason])
    exported = list(export_suppressions(asking(ours)))
    report = import_suppressions(asking(theirs), entries_in_csv(as_file(exported)))
    assert (report.added, report.known, report.rejected) == (len(reasons), 0, 0)
    found = rows("SELECT phone, reason FROM suppression WHERE account_id = %s", [theirs])
    assert {each["phone"]: each["reason"] for each in found} == reasons
    assert import_suppressions(asking(theirs), entries_in_csv(as_file(exported))).added == 0
