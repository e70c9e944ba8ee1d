"""Approvals: a second person's sign-off for one revision; a trigger revokes it when the campaign changes."""

from models.campaigns.campaign import Campaign
from models.database import row

# Actions that do not bar their actor from approving the campaign.
HARMLESS = ("campaign.approved", "campaign.paused", "campaign.resumed", "campaign.cancelled", "campaign.unscheduled")


def lock(campaign_id: int) -> Campaign | None:
    """Returns the campaign's row, locked until the caller's transaction ends."""
    return row("SELECT * FROM campaign WHERE id = %s FOR NO KEY UPDATE", [campaign_id], into=Campaign)


def approve(campaign_id: int, *, recipients: int, actor: str) -> Campaign | None:
    """Approves a campaign that has not started for this many recipients; None when it has started or ended.

    A campaign set aside for want of an approval is checked again by the next sweep.
    """
    return row(
        """UPDATE campaign SET approved_by = %(actor)s, approved_at = now(), approved_recipients = %(recipients)s,
                  updated_at = now(),
                  next_check_at = CASE WHEN blocked_reason = 'APPROVAL_REQUIRED' THEN NULL ELSE next_check_at END,
                  blocked_tries = CASE WHEN blocked_reason = 'APPROVAL_REQUIRED' THEN 0 ELSE blocked_tries END,
                  blocked_reason = nullif(blocked_reason, 'APPROVAL_REQUIRED')
           WHERE id = %(id)s AND (status IN ('draft', 'scheduled', 'recurring')
                                  OR paused_from IN ('scheduled', 'recurring')) RETURNING *""",
        {"id": campaign_id, "recipients": recipients, "actor": actor},
        into=Campaign,
    )


def has_written(campaign: Campaign, actor: str) -> bool:
    """Returns whether this actor wrote, changed or started the campaign, according to the audit trail.

    An occurrence was written by whoever wrote its pattern. Who made that recurring, changed its schedule or asked for a
    run out of turn has started it.
    """
    written = [campaign.id]
    if campaign.kind == "occurrence" and campaign.parent_id is not None:
        written.append(campaign.parent_id)
    return (
        row(
            """SELECT 1 FROM audit_event WHERE account_id = %(account)s AND actor = %(actor)s
                 AND subject IN (SELECT unnest(%(written)s::bigint[])::text
                                 UNION ALL SELECT schedule_id::text FROM campaign WHERE id = ANY(%(written)s))
                 AND (action LIKE 'campaign.%%' AND action <> ALL(%(harmless)s)
                      OR action IN ('schedule.changed', 'schedule.run_requested'))
               LIMIT 1""",
            {"account": campaign.account_id, "actor": actor, "written": written, "harmless": list(HARMLESS)},
        )
        is not None
    )
