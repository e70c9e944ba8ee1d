"""`audit`: silent about a healthy system, exact about a broken promise, with an exit status for scripts."""

import pytest

from dispatch.audit import CHECKS
from models.database import rows
from tests.factories import an_account
from tests.sending import started


@pytest.fixture
def campaign_id(cli):
    """A campaign that is sending to three customers of Acme."""
    return started(an_account(name="Acme"), recipients=3)


def test_people_read_that_every_promise_holds_and_how_many_were_checked(cli, campaign_id):
    answer = cli("audit")
    assert answer.status == 0
    assert all(invariant in answer.stdout for invariant in CHECKS)
    assert f"{sum(len(queries) for queries in CHECKS.values())} queries found nothing" in answer.stdout


def test_a_lost_message_is_found_and_its_campaign_named(cli, campaign_id):
    rows("DELETE FROM message WHERE n = 1")
    programs, people = cli("audit", "--json"), cli("audit")
    assert (programs.status, people.status) == (1, 1)
    assert programs.json["ok"] is False
    found = {each["invariant"]: each for each in programs.json["violations"]}
    assert found["I3"]["ids"] == [str(campaign_id)]
    assert found["I3"]["count"] == 1
    assert "I3" in people.stdout
    assert found["I3"]["what"].split()[0] in people.stdout


def test_money_that_does_not_add_up_is_found_for_the_account_that_has_it(cli, campaign_id):
    other = an_account(name="Other")
    rows("UPDATE account SET credits_available = credits_available + 1 WHERE id = %s", [other.id])
    assert cli("audit", "--account", "Acme", "--json").json == {"ok": True, "violations": []}
    [violation] = cli("audit", "--account", "Other", "--json").json["violations"]
    assert (violation["invariant"], violation["ids"]) == ("I7", [str(other.id)])
    assert cli("audit", "--json").status == 1


def test_people_read_the_first_of_many_violations_and_their_count(cli):
    account = an_account(name="Acme")
    for _ in range(30):
        started(account, recipients=1)
    rows("DELETE FROM message")
    [lost] = [each for each in cli("audit", "--json").json["violations"] if each["invariant"] == "I3"]
    assert lost["count"] == 30
    assert len(lost["ids"]) < 30
    assert ": 30\n" in cli("audit").stdout
    assert ", …" in cli("audit").stdout
