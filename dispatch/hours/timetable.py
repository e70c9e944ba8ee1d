"""The hours of one campaign, read from its row and its account's."""

from dispatch.hours.slots import Hours
from dispatch.hours.window import read_window
from models.campaigns.hours import CampaignHours


def hours_in(campaign: CampaignHours) -> Hours:
    """Returns the campaign's hours."""
    return Hours(
        window=read_window(campaign.send_window) if campaign.send_window else None,
        quiet=campaign.quiet_hours,
        holidays=campaign.holidays,
        local_time=campaign.local_time,
    )
