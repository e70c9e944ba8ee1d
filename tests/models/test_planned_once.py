"""A send worker's statements are planned once for each connection, and by indexes, however small the tables were."""

from itertools import pairwise

import pytest

from config.settings import settings
from dispatch.sending.exchange import Exchange
from models.campaigns.sending import to_send
from models.database import db as database
from models.database import open_database, rows
from models.messages.message import Outcome
from tests.sending import started
from tests.servers import speak_to

# psycopg prepares a statement that it has run five times, and without the setting PostgreSQL plans that one five times
# or forever.
BATCHES, BATCH = 20, 20


@pytest.fixture
def planning_once(db, redis, servers):
    """This process is connected as a send worker is."""
    database.close_all()
    open_database(servers.database_url, application="tests", pool=64, allow_unsafe=True, plan_once=True)
    database.connect()
    yield
    speak_to(servers.database_url)


def send_all(campaign_id):
    exchange = Exchange(to_send(campaign_id), 0, provider="scripted", settings=settings(), caps=None)
    outcomes = []
    while claimed := exchange.record_and_claim(outcomes, BATCH):
        outcomes = [Outcome(each.n, each.token, "sent", provider_id=f"p-{each.n}") for each in claimed]


def test_an_exchange_is_not_planned_again_for_each_of_its_values(planning_once, configure):
    configure(BATCH_SIZE=BATCH)
    send_all(started(recipients=BATCHES * BATCH))
    prepared = rows("SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements")
    exchange = [each for each in prepared if each["statement"].lstrip().startswith(("WITH held", "WITH c AS"))]
    assert len(exchange) == 2
    assert all(each["custom_plans"] == 0 and each["generic_plans"] >= 10 for each in exchange), exchange


def test_what_was_planned_when_the_tables_were_empty_reads_no_whole_table(planning_once, configure):
    configure(BATCH_SIZE=BATCH)
    rows("ANALYZE message, batch, campaign, suppression")  # they are empty
    send_all(started(recipients=BATCHES * BATCH))
    prepared = rows("""SELECT name, cardinality(parameter_types) AS parameters FROM pg_prepared_statements
                       WHERE statement ~ '(message|batch) '""")
    assert prepared
    for each in prepared:
        nothing = ", ".join(["NULL"] * each["parameters"])
        plan = rows(f'EXPLAIN EXECUTE "{each["name"]}" ({nothing})')
        lines = [line["QUERY PLAN"] for line in plan]
        assert not [line for line in lines if "Seq Scan on message" in line or "Seq Scan on batch" in line], lines


@pytest.mark.parametrize("is_empty", [True, False], ids=["planned when it was empty", "planned when it was full"])
def test_an_exchange_reads_only_the_batches_that_it_names(planning_once, configure, is_empty):
    configure(BATCH_SIZE=BATCH)
    if is_empty:
        rows("ANALYZE message, batch, campaign")
    campaign_id = started(recipients=BATCHES * BATCH)
    if not is_empty:
        rows("ANALYZE message, batch, campaign")
    send_all(campaign_id)
    found = rows("""SELECT name, cardinality(parameter_types) AS parameters FROM pg_prepared_statements
                    WHERE statement ~ '^\\s*WITH (held|c) AS'""")
    assert len(found) == 2
    for each in found:
        nothing = ", ".join(["NULL"] * each["parameters"])
        plan = [line["QUERY PLAN"] for line in rows(f'EXPLAIN EXECUTE "{each["name"]}" ({nothing})')]
        conditions = [below for line, below in pairwise(plan) if "on batch" in line and "Update on" not in line]
        assert conditions
        assert all("number = " in condition for condition in conditions), plan
