"""A webhook is told of a person's first click on each link, and of nothing else."""

from dispatch.links.addresses import links_of
from dispatch.links.clicks import target_of
from models.database import row
from tests.dispatch.webhooks.telling import BROWSER, tell
from tests.sending import started


def test_the_first_click_of_a_person_is_told_and_a_programs_is_not(account, webhook, receiver, configure):
    configure(PUBLIC_URL="https://go.example.com")
    campaign_id = started(account, recipients=2, template="https://a.example https://b.example", track_links=True)
    message = row("SELECT phone, customer_id FROM message WHERE campaign_id = %s AND n = 1", [campaign_id])
    for link, agent in [(1, {}), (1, BROWSER), (1, BROWSER), (2, BROWSER), (2, {})]:
        target_of(links_of(account.id).code(campaign_id, 1, link), method="GET", headers=agent)
    tell()
    in_order = sorted(receiver.told, key=lambda told: int(told[0].removeprefix("evt_")))
    assert [each["data"] for _, each in in_order if each["type"] == "message.clicked"] == [
        {
            "account_id": str(account.id),
            "campaign_id": campaign_id,
            "message_id": f"{campaign_id}-1",
            "phone": message["phone"],
            "customer_id": message["customer_id"],
            "variant": None,
            "url": url,
        }
        for url in ("https://a.example", "https://b.example")
    ]
