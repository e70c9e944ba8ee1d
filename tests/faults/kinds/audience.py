"""People are deleted and added again, and numbers move from one to another, while a campaign is prepared in chunks."""

from random import Random

from dispatch.customers.customers import create_customer, delete_customer, edit_customer
from dispatch.start.preparation import RECIPIENTS_PER_CHUNK
from embedded.servers import EmbeddedServers
from models.customers.lists import ListMember
from models.database import rows
from tests.factories import a_campaign, a_list, an_account, asking, fallen_due
from tests.faults.deployment import Deployment
from tests.faults.kinds.registry import kind
from tests.faults.outages import transaction
from tests.waiting import wait_until

# Quick to send, because the others have opted out.
REACHABLE = 100
DELETED, MOVED = 3, 3


@kind
def change_customers_while_they_are_prepared(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    account = an_account(credits=REACHABLE)
    members = RECIPIENTS_PER_CHUNK + 500
    list_id = a_list(account, members)
    rows(
        "UPDATE customer SET consent = 'unsubscribed' WHERE account_id = %s AND id %% %s > 0",
        [account.id, members // REACHABLE + 1],
    )
    campaign = a_campaign(account, list_id=list_id)
    first = rows(
        """SELECT id, phone FROM customer WHERE account_id = %s AND consent <> 'unsubscribed'
           ORDER BY id LIMIT %s""",
        [account.id, REACHABLE // 2],
    )
    chosen = chance.sample(first, DELETED + MOVED)
    with transaction() as blocker:
        # Its first chunk waits with those whom it has read; the second will read those who are added now.
        blocker.execute(
            "INSERT INTO batch (campaign_id, number, first_n, size, pending) VALUES (%s, 0, 0, 1, 1)", [campaign.id]
        )
        fallen_due(campaign)
        wait_until(_is_written, "its first chunk is read and being written")
        for person in chosen[:DELETED]:
            delete_customer(asking(account.id), person["id"])
        for place, person in enumerate(chosen[DELETED:]):
            edit_customer(asking(account.id), person["id"], phone=f"+3069990000{place:02}")
        again = [create_customer(asking(account.id), phone=person["phone"]).id for person in chosen]
        ListMember.add(account.id, list_id, again, may_send=True)


def _is_written() -> bool:
    return bool(rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY batch%%'", []))
