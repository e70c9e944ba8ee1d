"""Campaigns that go through a fault, and the verdict on what became of their recipients."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from dispatch.accounts.credits import balance
from dispatch.audit import audit
from dispatch.campaigns.view import CampaignView
from dispatch.errors import QueueUnavailable
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.database import rows
from models.messages.batch import stats
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.faults.deployment import Deployment
from tests.simulator import lines
from tests.waiting import wait_until

# `unknown` is final for the sender: it is never called again automatically.
FINAL = {"sent", "failed", "skipped", "unknown"}
ENDED = {"completed", "cancelled", "failed"}


def a_started_campaign(recipients: int) -> CampaignView:
    """Starts a campaign as web does; its text is one segment, so each recipient costs one credit."""
    campaign = a_campaign(an_account(credits=recipients), recipients=recipients)
    start(campaign)
    return campaign


def start(campaign: CampaignView) -> None:
    """Starts the campaign as web does."""
    enqueue_campaign(asking(), campaign.id)


def start_when_possible(campaign: CampaignView) -> None:
    """Starts the campaign as soon as this process notices that Redis is back."""

    def started() -> bool:
        with suppress(QueueUnavailable):
            start(campaign)
            return True
        return False

    wait_until(started, "it can be started")


def row_of(campaign: CampaignView) -> Campaign:
    """Returns the campaign's row."""
    found = Campaign.find(campaign.id, ALL_ACCOUNTS)
    assert found
    return found


def counts(campaign: CampaignView) -> dict[str, int]:
    """Counts the campaign's messages by state."""
    return asdict(stats([campaign.id])[campaign.id])


def wait_until_sent(campaign: CampaignView, messages: int) -> None:
    """Returns when at least so many messages are sent and many more are not."""
    wait_until(lambda: counts(campaign)["sent"] >= messages, f"{messages} messages are sent")
    assert row_of(campaign).status == "sending", "too fast: the fault would come after the end"


def wait_until_completed(campaign: CampaignView) -> None:
    """Returns when the campaign has nothing left to send."""
    wait_until(lambda: row_of(campaign).status == "completed", "the campaign completes")


def judge(deployment: Deployment, campaign: CampaignView, *, unknown_at_most: int = 0) -> Counter[str]:
    """Waits for the campaign's end, compares its rows with the provider's log and the ledger; returns counts by state.

    No one was sent to twice, no one was forgotten, and every credit is accounted for.
    """
    wait_until_completed(campaign)
    return _judge_ended(deployment, campaign, unknown_at_most=unknown_at_most)


def judge_each(deployment: Deployment, campaigns: Iterable[CampaignView], *, unknown_at_most: int = 0) -> Counter[str]:
    """Judges all of these campaigns, which may have been cancelled, once each has ended; before, recovery has work."""
    judged = list(campaigns)
    for campaign in judged:
        wait_until(lambda campaign=campaign: _has_ended(campaign), f"campaign {campaign.id} ends")
    found: Counter[str] = Counter()
    for campaign in judged:
        found += _judge_ended(deployment, campaign, unknown_at_most=unknown_at_most)
    _judge_families(deployment, judged)
    return found


def _judge_ended(deployment: Deployment, campaign: CampaignView, *, unknown_at_most: int) -> Counter[str]:
    messages, status = _messages(campaign), row_of(campaign).status
    states = {row["phone"]: row["state"] for row in messages}
    sent, unknown = ({phone for phone, state in states.items() if state == which} for which in ("sent", "unknown"))
    accepted = Counter(line["to"] for line in lines(deployment.accepted) if _is_of(line, campaign))
    found = Counter(row["state"] for row in messages)
    assert not (twice := [phone for phone, times in accepted.items() if times > 1]), f"sent to twice: {twice}"
    assert not (claimed := sent - accepted.keys()), f"called sent, never accepted by the provider: {claimed}"
    assert not (silent := accepted.keys() - sent - unknown), f"accepted by the provider, called otherwise: {silent}"
    assert found["unknown"] <= unknown_at_most, f"more unknown than were in flight: {found}"
    final = FINAL | ({"cancelled"} if status == "cancelled" else set())
    assert found.keys() <= final, f"not final: {found}"
    assert found.total() == row_of(campaign).recipients, f"someone is missing: {found}"
    wait_until(lambda: _credits_add_up(campaign), "what was sent is captured, what is unknown held, the rest released")
    assert not (violations := audit(ALL_ACCOUNTS)), f"the audit found {violations}"
    assert not (left := recover()), f"recovery still finds something to do: {left}"
    return found


def _messages(campaign: CampaignView) -> list[dict[str, Any]]:
    return rows("SELECT phone, state FROM message WHERE campaign_id = %s", [campaign.id])


def _is_of(line: dict[str, Any], campaign: CampaignView) -> bool:
    return line["reference"].startswith(f"{campaign.id}-")


def _has_ended(campaign: CampaignView) -> bool:
    now = counts(campaign)
    return row_of(campaign).status in ENDED and not now["pending"] and not now["sending"]


def _judge_families(deployment: Deployment, campaigns: Sequence[CampaignView]) -> None:
    """A campaign and its retries reach no number twice."""
    root = {str(campaign.id): row_of(campaign).root_id or campaign.id for campaign in campaigns}
    reached = Counter(
        (root[campaign], line["to"])
        for line in lines(deployment.accepted)
        if (campaign := line["reference"].partition("-")[0]) in root
    )
    assert not (twice := [number for number, times in reached.items() if times > 1]), f"reached twice: {twice}"


def _credits_add_up(campaign: CampaignView) -> bool:
    """Of everything that the campaign's account has bought."""
    account = campaign.account_id
    [now] = rows(
        """SELECT coalesce(sum(m.segments) FILTER (WHERE m.state = 'sent'), 0)::int AS sent,
                  coalesce(sum(m.segments) FILTER (WHERE m.state = 'unknown'), 0)::int AS unknown
           FROM message m JOIN campaign c ON c.id = m.campaign_id WHERE c.account_id = %s""",
        [account],
    )
    [bought] = rows(
        "SELECT sum(available_delta) AS credits FROM credit_entry WHERE account_id = %s AND kind = 'topup'", [account]
    )
    left = {"available": bought["credits"] - now["sent"] - now["unknown"], "held": now["unknown"]}
    return balance(asking(account)).model_dump() == left
