"""What the demo leaves at work while it stays up."""

from cli.demo.campaign import Outcome
from cli.demo.others import start_others
from config.simulated_phones import SILENT
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.imports import import_customers
from tests.factories import a_campaign, an_account, asking

PEOPLE = 3


def test_one_campaign_sends_one_waits_for_tomorrow_and_one_recurs(db, redis, configure):
    configure(PROVIDER_KEY="demo" * 8)
    account = an_account()
    caller = asking(account.id)
    lines = ["phone,first_name\n", *(f"690000000{n},Person {n}\n" for n in range(PEOPLE))]
    imported = import_customers(caller, iter(lines), list_name="everyone", default_country="GR")
    finished = a_campaign(account, list_id=imported.list_id)
    outcome = Outcome(caller, finished, imported, "", account.id, 0, 0, [])
    slow, planned, recurring = (read_campaign(caller, each) for each in start_others(outcome, SILENT))
    assert (slow.status, slow.channel, slow.stats.total) == ("sending", "whatsapp", PEOPLE)
    assert planned.status == "scheduled"
    assert recurring.status == "recurring"
