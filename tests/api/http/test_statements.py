"""How many statements a request costs, whatever it finds: one more on every request is one more for everybody."""

import psycopg
import pytest

from tests.factories import a_campaign, a_list, a_segment, an_account


@pytest.fixture
def statements(monkeypatch):
    """The statements that are run from now on, without those that begin and end transactions."""
    ran = []
    execute = psycopg.Cursor.execute

    def noting(self, query, *arguments, **options):
        words = str(query).split()
        if words[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"):
            ran.append(" ".join(words)[:100])
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noting)
    return ran


@pytest.fixture
def account(db, redis):
    return an_account(10_000)


@pytest.fixture
def campaign(account):
    return a_campaign(account, recipients=3)


# The first is always that which finds the key.
READS = {
    "a campaign": ("/api/campaigns/{campaign}", 3),
    "campaigns": ("/api/campaigns", 4),
    "customers": ("/api/customers", 3),
    "lists": ("/api/lists", 4),
    "members of a list": ("/api/lists/{list}/members", 3),
    "segments": ("/api/segments", 4),
    "templates": ("/api/templates", 3),
    "messages": ("/api/campaigns/{campaign}/messages", 4),
    "imports": ("/api/imports", 3),
    "the account": ("/api/account", 2),
    "keys": ("/api/keys", 3),
}


@pytest.mark.parametrize(("path", "most"), READS.values(), ids=READS)
def test_a_read_costs_as_many_statements_for_twenty_rows_as_for_one(
    as_account, account, campaign, statements, path, most
):
    path = path.format(campaign=campaign.id, list=a_list(account, 1))
    a_segment(account, "location", "eq", "Athens")
    call = as_account(account)
    assert call("GET", path).status_code == 200
    counts = []
    for _ in range(2):
        statements.clear()
        assert call("GET", path).status_code == 200
        counts.append((len(statements), list(statements)))
        for _ in range(20):
            a_segment(account, "location", "eq", "Athens")
            a_campaign(account, list_id=a_list(account, 1))
    assert counts[0][0] == counts[1][0] <= most, counts


def test_a_start_asks_for_nothing_twice(as_account, account, campaign, statements):
    call = as_account(account)
    assert call("GET", "/api/campaigns").status_code == 200
    statements.clear()
    assert call("POST", f"/api/campaigns/{campaign.id}/enqueue").status_code == 202
    assert {each for each in statements if statements.count(each) > 1} == set()
    assert len(statements) <= 15, statements
