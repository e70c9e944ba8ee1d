"""An exported file can be imported, and then everything is as it was."""

import json
import re
from io import BytesIO
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.customers.export import export_customers
from dispatch.customers.imports import import_customers
from dispatch.customers.suppression_files import export_suppressions, import_suppressions
from dispatch.formats.csv_in import lines_of
from models.customers.customer import TEXT_COLUMNS
from models.database import rows
from tests.factories import an_account, asking

PHONES = st.integers(0, 9999).map(lambda n: f"+30690000{n:04d}")
# What a name, reason or attribute may contain: no control characters, nothing to strip; often like a formula.
WORDS = st.one_of(st.text(max_size=20), st.text("'=+-@;,\"\t| a", max_size=8)).map(
    lambda text: normalize("NFC", "".join(character for character in text if character.isprintable()).strip())
)
# Several spaces of a reason are stored as one.
REASONS = WORDS.filter(bool).map(lambda text: re.sub(" +", " ", text))
# Everything that JSON can hold and PostgreSQL can store, in composed characters.
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12).map(
    lambda text: normalize("NFC", text)
)
LONG = st.sampled_from(["x" * 1001, "λέξη\n" * 300, '"' * 1100, " both ends ", "a\n,", "-5", "[1]", "true", "5", "'=1"])
DATES = st.from_regex(r"\A[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(,?[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}Z?)?)?\Z")
VALUES = st.recursive(
    st.one_of(
        WORDS,
        DATES,
        st.sampled_from(["03/04/2026", "2026-04-03", "3.4.2026 9:30", "2026-04-03T9:30", "2026-04-03T09:30:00Z"]),
        ANY_TEXT,
        LONG,
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=4,
)
NAMES = st.one_of(
    st.sampled_from(["tier", "Tier", "TIER", " tier", "tier ", "shoe size", "shoe_size", "shoe-size", "=cmd", "πόλη"]),
    st.sampled_from(["consent", "zone", "phone", "location", "prefered_product", "preferred_product", "mobile", ""]),
    st.sampled_from(["rejected_line", "json:tier", "attribute:tier", '"tier"', "a,b;c", "a\nb", "'quoted", "x" * 100]),
    ANY_TEXT,
)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=4)
CONSENTS = st.sampled_from(["subscribed", "unsubscribed"])
CUSTOMERS = st.dictionaries(PHONES, st.tuples(WORDS, WORDS, WORDS, WORDS, ATTRIBUTES, CONSENTS), max_size=8)

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
        f"""SELECT phone, {", ".join(TEXT_COLUMNS)}, attributes, zone, consent FROM customer
            WHERE account_id = %s ORDER BY phone""",
        [account_id],
    )


@with_database
@given(CUSTOMERS)
def test_exported_customers_are_imported_unchanged(accounts, people):
    ours, theirs = accounts
    rows("DELETE FROM customer")
    for phone, (first, last, location, product, attributes, consent) in people.items():
        rows(
            """INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product, attributes,
                                     consent, zone)
               VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, 'Asia/Tokyo')""",
            [ours, phone, first, last, location or None, product or None, json.dumps(attributes), consent],
        )
    exported = list(export_customers(asking(ours)))
    report = import_customers(asking(theirs), as_file(exported), list_name="all", default_country="GR")
    assert (report.imported, report.rejected) == (len(people), 0)
    assert customers_of(theirs) == customers_of(ours)
    before = customers_of(ours)
    import_customers(asking(ours), as_file(exported), list_name="all", default_country="GR")
    assert customers_of(ours) == before


@pytest.mark.parametrize(
    ("kept", "column", "cell"),
    [
        ("2026-04-03", "visit", "2026-04-03"),
        ("2026-04-03T09:30:00Z", "visit", "2026-04-03T09:30:00Z"),
        ("03/04/2026", "json:visit", '"""03/04/2026"""'),
        ("10.0.0.1", "visit", "10.0.0.1"),
    ],
)
def test_only_what_would_be_read_as_another_date_is_exported_as_json(accounts, kept, column, cell):
    ours, _ = accounts
    rows(
        "INSERT INTO customer (account_id, phone, attributes) VALUES (%s, '+306900000001', %s::jsonb)",
        [ours, json.dumps({"visit": kept})],
    )
    header, line = "".join(export_customers(asking(ours))).splitlines()
    assert (header.split(",")[-1], line.split(",")[-1]) == (column, cell)


@with_database
@given(st.dictionaries(PHONES, REASONS, max_size=8))
def test_exported_suppressions_are_imported_unchanged(accounts, reasons):
    ours, theirs = accounts
    rows("DELETE FROM suppression")
    for phone, reason in reasons.items():
        rows("INSERT INTO suppression (account_id, phone, reason) VALUES (%s, %s, %s)", [ours, phone, reason])
    exported = list(export_suppressions(asking(ours)))
    report = import_suppressions(asking(theirs), as_file(exported))
    assert (report.added, report.known, report.rejected) == (len(reasons), 0, 0)
    found = rows("SELECT phone, reason FROM suppression WHERE account_id = %s", [theirs])
    assert {each["phone"]: each["reason"] for each in found} == reasons
    assert import_suppressions(asking(theirs), as_file(exported)).added == 0
