"""A campaign as everybody sees it: in the API, the CLI and the demo the same words, ready for JSON."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from models import batch
from models.batch import Stats
from models.campaign import Campaign
from models.campaign_audience import CampaignCustomer


def view(campaign: Campaign) -> dict[str, Any]:
    """Returns what people see of the campaign, with its counts per message state."""
    return view_all([campaign])[0]


def view_all(campaigns: list[Campaign]) -> list[dict[str, Any]]:
    """Returns what people see of the campaigns, in two queries however many they are; the batches have the counts."""
    ids = [campaign.id for campaign in campaigns]
    counts = batch.stats(ids)
    chosen = CampaignCustomer.counts([campaign.id for campaign in campaigns if campaign.audience_kind == "customers"])
    return [
        {
            "id": campaign.id,
            "account_id": str(campaign.account_id),
            "parent_id": campaign.parent_id,
            "kind": campaign.kind,
            "name": campaign.name,
            "channel": campaign.channel,
            "status": campaign.status,
            "base_template": campaign.template,
            "template_id": campaign.template_id,
            "template_version": campaign.template_version,
            "audience": _audience(campaign, chosen.get(campaign.id, 0)),
            "scheduled_at": _time(campaign.scheduled_at),
            "expires_at": _time(campaign.expires_at),
            "started_at": _time(campaign.started_at),
            "ended_at": _time(campaign.ended_at),
            "created_at": _time(campaign.created_at),
            "reason": campaign.reason or None,
            "revision": campaign.revision,
            "approved_by": campaign.approved_by,
            "approved_at": _time(campaign.approved_at),
            "blocked_reason": campaign.blocked_reason,
            "next_check_at": _time(campaign.next_check_at),
            "credits": {key: getattr(campaign, key) for key in ("held", "captured", "released")},
            "stats": _stats(campaign, counts[campaign.id], chosen.get(campaign.id, 0)),
        }
        for campaign in campaigns
    ]


def _audience(campaign: Campaign, chosen: int) -> dict[str, Any] | None:
    kind = campaign.audience_kind
    if kind == "list":
        return {"kind": kind, "list_id": campaign.list_id}
    if kind == "segment":
        return {"kind": kind, "segment_id": campaign.segment_id}
    if kind == "customers":
        return {"kind": kind, "customers": chosen}
    return {"kind": kind} if kind else None


def _stats(campaign: Campaign, counts: Stats, chosen: int) -> dict[str, Any]:
    """The counts of the batches; of recipients that `send` queued, those without a row yet are pending too."""
    unwritten = chosen - counts.total
    if campaign.queued_at is None or unwritten <= 0 or not _is_to_start(campaign):
        return asdict(counts)
    return asdict(counts) | {"total": chosen, "pending": counts.pending + unwritten}


def _is_to_start(campaign: Campaign) -> bool:
    return (campaign.paused_from or campaign.status) in ("draft", "scheduled", "preparing")


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
