"""What comes back in the demo: how its phones behave, and the wait for most of what they have to say."""

from dataclasses import replace
from time import monotonic

from rich.progress import Progress

from cli.demo.customers import TALKING
from config.simulated_phones import Phones, parse_phones
from config.stopping import stopping
from dispatch.caller import Caller
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.receipts.replies import list_replies
from models.messages.batch import Stats

PHONES = parse_phones(
    "delivered=0.93,undelivered=0.04,replies=0.02,stop=0.01,late=0.01,doubled=0.02,shuffled=0.02,late_ms=15000"
)
# Of more recipients than these only so many have receipts, so that sending is what one sees and not web at its limit.
MOST_RECEIPTS = 20_000
# Most of what is going to come has come when this share has; what is late comes while the demo stays up.
ENOUGH = 0.95
WAIT_SEC = 6.0


def phones_for(recipients: int) -> Phones:
    """Returns how the phones of so many recipients behave; of none, that they say nothing."""
    share = min(1.0, MOST_RECEIPTS / recipients) if recipients else 0.0
    return replace(PHONES, delivered=PHONES.delivered * share, undelivered=PHONES.undelivered * share)


def accepted(stats: Stats) -> int:
    """Returns how many messages the provider has taken, whatever has become of them since."""
    return stats.sent + reported(stats)


def reported(stats: Stats) -> int:
    """Returns how many messages have a receipt."""
    return stats.delivered + stats.read + stats.undelivered


def wait_for_receipts(caller: Caller, campaign: CampaignView, phones: Phones, progress: Progress) -> CampaignView:
    """Returns the campaign once most receipts that are going to come have come, or after a few seconds."""
    share = phones.delivered + phones.undelivered
    expected = int(accepted(campaign.stats) * share * ENOUGH * (1 - phones.late))
    if not expected:
        return campaign
    task = progress.add_task("receipts", total=accepted(campaign.stats))
    until = monotonic() + WAIT_SEC
    while monotonic() < until and not stopping().asked:
        campaign = read_campaign(caller, campaign.id)
        progress.update(task, completed=reported(campaign.stats))
        if reported(campaign.stats) >= expected and list_replies(caller, page_size=1).total >= len(TALKING):
            break
        stopping().wait(0.1)
    return campaign
