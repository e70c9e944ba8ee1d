"""While a campaign is sent, people pause, resume or cancel it, opt out, and retry those who were not reached."""

from collections.abc import Collection
from contextlib import suppress
from random import Random
from typing import Any

from dispatch.accounts.credits import top_up
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.customers.suppressions import add_suppression
from dispatch.errors import InsufficientCredits, InvalidStatus, NoRecipients, QueueUnavailable
from dispatch.start.follow_ups import retry_failed
from embedded.servers import EmbeddedServers
from models.campaigns.campaign import Campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.faults.campaigns import counts, row_of, start_when_possible
from tests.faults.deployment import Deployment
from tests.faults.kinds.registry import kind, last
from tests.faults.outages import let_transactions_end
from tests.simulator import lines
from tests.waiting import wait_until

# Of batches without a message in flight: nobody has committed to call these numbers.
_UNCALLED = """
SELECT m.phone
FROM message m JOIN batch b ON b.campaign_id = m.campaign_id AND b.first_n <= m.n AND m.n < b.first_n + b.size
WHERE m.campaign_id = %s AND b.sending = 0 AND m.state IN ('pending', 'cancelled')
"""


@kind
def pause_and_resume(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    campaign = _one(chance, _SENDING)
    if campaign is None:
        return
    try:
        pause_campaign(asking(campaign["account_id"]), campaign["id"])
    except InvalidStatus:  # it has completed meanwhile
        return
    let_transactions_end()
    wait_until(lambda: not _count(campaign["id"], "sending"), "what is in flight ends")
    before = _count(campaign["id"], "sent", "unknown")
    last(chance.uniform(0, 3))
    assert _count(campaign["id"], "sent", "unknown") == before, "a paused campaign was sent"

    def resumed() -> bool:
        with suppress(QueueUnavailable):
            resume_campaign(asking(campaign["account_id"]), campaign["id"])
            return True
        return False

    wait_until(resumed, "it can be resumed")


@kind
def cancel_in_the_middle(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    campaign = a_campaign(an_account(credits=150), recipients=150)
    start_when_possible(campaign)
    wanted = chance.randint(0, 60)
    wait_until(lambda: row_of(campaign).status != "preparing" and counts(campaign)["sent"] >= wanted, "some are sent")
    with suppress(InvalidStatus):  # it has completed meanwhile
        cancel_campaign(asking(campaign.account_id), campaign.id)
        let_transactions_end()
        _promise_no_call(deployment, campaign.id, _uncalled(campaign.id))


@kind
def opt_out_in_flight(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    campaign = _one(chance, _SENDING)
    if campaign is None:
        return
    pending = rows(
        "SELECT phone FROM message WHERE campaign_id = %s AND state = 'pending' AND phone LIKE '+30%%' ORDER BY n",
        [campaign["id"]],
    )
    chosen = chance.sample([each["phone"] for each in pending], min(20, len(pending)))
    for phone in chosen:
        add_suppression(asking(campaign["account_id"]), phone=phone)
    let_transactions_end()
    _promise_no_call(deployment, campaign["id"], _uncalled(campaign["id"]) & set(chosen))


@kind
def retry_with_too_few_credits(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    parent = _one(chance, _WITH_FAILURES)
    if parent is None:
        return
    # Enough for one segment each, so that it is the price that refuses longer texts once they are prepared.
    top_up(asking(parent["account_id"]), parent["failed"])
    if _retry(parent) is None:
        top_up(asking(parent["account_id"]), 100)
        wait_until(lambda: _retry(parent), "it can be retried after a refusal")


@kind
def retry(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    parent = _one(chance, _WITH_FAILURES)
    if parent is not None:
        top_up(asking(parent["account_id"]), 100)
        wait_until(lambda: _retry(parent), "it can be retried")


# Campaigns of which some messages are neither sent nor called.
_SENDING = """
SELECT c.id, c.account_id FROM campaign c JOIN batch b ON b.campaign_id = c.id
WHERE c.status = 'sending' AND c.kind = 'normal' GROUP BY c.id HAVING sum(b.pending) > 0 ORDER BY c.id
"""
# Campaigns of which everyone who was not reached may be tried again.
_WITH_FAILURES = """
SELECT c.id, c.account_id, sum(b.failed)::int AS failed FROM campaign c JOIN batch b ON b.campaign_id = c.id
WHERE c.status IN ('sending', 'completed') AND c.kind = 'normal'
  AND NOT EXISTS (SELECT FROM campaign child WHERE child.parent_id = c.id)
GROUP BY c.id HAVING sum(b.failed) > 0 ORDER BY c.id
"""


def _one(chance: Random, query: str) -> dict[str, Any] | None:
    found = rows(query)
    return chance.choice(found) if found else None


def _retry(parent: dict[str, Any]) -> Campaign | None:
    """Returns the retry once it sends; None when it is refused, or another one has not ended yet."""
    try:
        child = retry_failed(asking(parent["account_id"]), parent["id"]).campaign_id
    except (InsufficientCredits, NoRecipients, QueueUnavailable):
        return None

    def prepared() -> list[Campaign | None]:
        found = Campaign.find(child, ALL_ACCOUNTS)
        return [] if found and found.status == "preparing" else [found]

    [found] = wait_until(prepared, "the retry is prepared")
    return found if found and found.status != "failed" else None


def _count(campaign_id: int, *states: str) -> int:
    columns = " + ".join(states)
    return int(rows(f"SELECT sum({columns})::int AS n FROM batch WHERE campaign_id = %s", [campaign_id])[0]["n"])


def _uncalled(campaign_id: int) -> set[str]:
    return {each["phone"] for each in rows(_UNCALLED, [campaign_id])}


def _promise_no_call(deployment: Deployment, campaign_id: int, phones: Collection[str]) -> None:
    """None of these numbers gets this campaign's message any more."""

    def kept() -> None:
        reached = {line["to"] for line in lines(deployment.accepted) if line["reference"].startswith(f"{campaign_id}-")}
        assert not (wrongly := reached & set(phones)), f"reached although it was too late: {wrongly}"

    deployment.promises.append(kept)
