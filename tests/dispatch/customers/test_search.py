"""People are found by parts of their names, in any order and case, and by numbers as people write them."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.customers.customers import create_customer, edit_customer, list_customers
from dispatch.customers.suppressions import add_suppression, list_suppressions
from dispatch.formats.searches import MAX_TERMS, search_of
from models.database import row, rows
from models.search import matches
from tests.factories import an_account, asking

pytestmark = pytest.mark.usefixtures("db")

MARIA, JOSE, ANN, HANS, LENA = "Μαρία Αντωνίου", "José O’Neil", "Ann Smith-Jones", "Hans Größe", "Łena Ørsted"
PHONES = {
    MARIA: "+306930000010",
    JOSE: "+34612345678",
    ANN: "+447911123456",
    HANS: "+4915112345678",
    LENA: "+48512345678",
}


@pytest.fixture
def account(db):
    account = an_account(country="GR")
    for name, phone in PHONES.items():
        first, _, last = name.partition(" ")
        create_customer(asking(account.id), phone=phone, first_name=first, last_name=last)
    return account


def found(account, q):
    return [f"{each.first_name} {each.last_name}" for each in list_customers(asking(account.id), q=q).rows]


@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("ΜΑΡΙΑ", MARIA),
        ("μαρια", MARIA),
        ("Μαρία", MARIA),
        (unicodedata.normalize("NFD", "Μαρία"), MARIA),
        ("ΑΝΤΩΝΙΟΥ ΜΑΡΙΑ", MARIA),
        ("ωνίου  αρί", MARIA),
        ("jose", JOSE),
        ("JOSÉ", JOSE),
        ("o'neil", JOSE),
        ("O’NEIL", JOSE),
        ("smith ann", ANN),
        ("Smith‐Jones", ANN),
        ("ＡＮＮ", ANN),
        ("an\u200bn", ANN),
        ("GRÖSSE", HANS),
        ("grosse", HANS),
        ("lena orsted", LENA),
    ],
)
def test_a_name_is_found_in_any_case_and_order_and_with_or_without_accents(account, q, who):
    assert found(account, q) == [who]


@pytest.mark.parametrize(("stored", "q"), [("Γιώργος", "ΓΙΩΡΓΟΣ"), ("ΓΙΩΡΓΟΣ", "γιώργος"), ("Γιώργος", "γιωργοσ")])
def test_a_final_sigma_is_a_sigma(account, stored, q):
    create_customer(asking(account.id), phone="6941112222", first_name=stored)
    assert found(account, q) == [f"{stored} "]


@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("693 000 0010", MARIA),
        ("6930000010", MARIA),
        ("693-000", MARIA),
        ("(693) 0000010", MARIA),
        ("693.000.0010", MARIA),
        ("+30 693", MARIA),
        ("+30 693…", MARIA),
        ("+ 30 693", MARIA),
        ("0030693", MARIA),
        ("0030 693 000 0010", MARIA),
        ("30693", MARIA),
        ("0010", MARIA),
        ("00 10", MARIA),
        ("+30 (0) 693 000 0010", MARIA),
        ("693\u202f000\u00a00010", MARIA),
        ("693\u2011000\u20110010", MARIA),
        ("６９３０００", MARIA),
        ("07911 123456", ANN),
        ("0151 1234 5678", HANS),
        ("Αντωνίου 693 000 0010", MARIA),
        ("+30 693 μαρία", MARIA),
    ],
)
def test_a_number_is_found_as_people_write_it(account, q, who):
    assert found(account, q) == [who]


@pytest.mark.parametrize("q", ["693 010", "+693", "Μαρία 999", "Μαρία Smith", "%", "_", "\\", "a%n", "+30 694"])
def test_what_no_one_has_finds_no_one(account, q):
    assert found(account, q) == []


@pytest.mark.parametrize("q", [None, "", "  "])
def test_an_empty_search_finds_everyone(account, q):
    assert len(found(account, q)) == len(PHONES)


def test_the_number_of_a_name_is_found_beside_those_of_phones(account):
    create_customer(asking(account.id), phone="6941112222", first_name="Guest", last_name="Room 0015")
    assert found(account, "0015") == ["Guest Room 0015"]
    assert found(account, "guest 0015") == ["Guest Room 0015"]


def test_a_former_mexican_form_finds_the_number_as_it_is_stored(account):
    create_customer(asking(account.id), phone="+525512345678", first_name="Lupe")
    assert found(account, "+52 1 55 1234 5678") == ["Lupe "]


def test_an_operator_searches_all_accounts(account):
    assert [each.phone for each in list_customers(asking(), q="αντωνίου").rows] == [PHONES[MARIA]]


def test_a_changed_name_is_found_and_the_former_one_is_not(account):
    customer = list_customers(asking(account.id), q="ann").rows[0]
    edit_customer(asking(), customer.id, last_name="Ζωγράφου")
    assert found(account, "ΖΩΓΡΑΦΟΥ") == ["Ann Ζωγράφου"]
    assert found(account, "smith") == []


def test_only_so_many_words_count(account):
    assert len(search_of("x " * 100)) == MAX_TERMS


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30))
def test_every_name_is_found_by_itself_in_capitals_and_without_accents(account, name):
    words = name.split()
    rows("UPDATE customer SET first_name = %s, last_name = '' WHERE phone = %s", [" ".join(words), PHONES[ANN]])
    plain = "".join(each for each in unicodedata.normalize("NFD", name) if not "\u0300" <= each <= "\u036f")
    for q in (name, plain):
        assert PHONES[ANN] in [each.phone for each in list_customers(asking(account.id), q=q).rows]


def test_a_search_among_many_uses_the_index(account):
    if not rows("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        pytest.skip("this PostgreSQL has no pg_trgm")
    rows(
        """INSERT INTO customer (account_id, phone, first_name, last_name)
           SELECT %s, '+3069' || (10000000 + i), md5(i::text), md5((i * 7)::text)
           FROM generate_series(1, 20000) AS i""",
        [account.id],
    )
    rows("VACUUM ANALYZE customer")
    terms, params = matches(search_of("Αντωνίου 693 000"), "search_text", phone="phone")
    plan = row(
        f"EXPLAIN (FORMAT JSON) SELECT id FROM customer WHERE account_id = %(account)s AND {terms} ORDER BY id DESC",
        {"account": account.id, **params},
    )
    assert "customer_search" in str(plan)


def test_suppressed_numbers_are_found_as_people_write_them(account):
    add_suppression(asking(account.id), phone="+306930000010", reason="Παράπονο")
    for q in ("693 000", "0030 693", "παραπονο"):
        assert [each.phone for each in list_suppressions(asking(account.id), q=q).rows] == ["+306930000010"]
    assert list_suppressions(asking(account.id), q="694").total == 0
