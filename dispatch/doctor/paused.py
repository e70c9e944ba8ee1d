"""Who or what paused a campaign, and how it goes on."""

from dispatch.doctor.codes import Reason, of_campaign
from dispatch.doctor.words import on_clock
from models.campaigns.condition import Condition


def why_paused(campaign: Condition) -> Reason:
    """Returns who paused it, why, and what lets it go on."""
    if campaign.schedule_status == "failed":
        because = f": {campaign.schedule_reason.rstrip('.')}" if campaign.schedule_reason else ""
        text = f"Its schedule failed{because}. Put that right and resume it (`campaign resume {campaign.id}`)."
        return of_campaign("schedule_failed", text)
    why = f": {campaign.reason.rstrip('.')}" if campaign.reason else ""
    resume = f"`campaign resume {campaign.id}` lets it go on."
    if campaign.paused_by_hand is None and campaign.paused_from == "recurring":
        return of_campaign("paused", f"Its schedule was paused{why}. {resume}")
    if not campaign.paused_by_hand and campaign.paused_from == "sending":
        text = (
            f"The provider refuses the account{why}. Correct its credentials (`provider test` shows whether they "
            f"work), or ask whoever runs the installation; then {resume}"
        )
        return of_campaign("provider_refused", text)
    when = f" at {on_clock(campaign.paused_at, campaign.zone)}" if campaign.paused_at else ""
    return of_campaign("paused", f"It was paused by {_who(campaign)}{when}{why}. {resume}")


def _who(campaign: Condition) -> str:
    actor = campaign.paused_by or "someone"
    if campaign.paused_with:
        return f"whoever holds the API key {campaign.paused_with}"
    if actor.startswith("cli:"):
        return f"{actor.removeprefix('cli:')} at the command line"
    return "its schedule" if actor.startswith("schedule:") else actor
