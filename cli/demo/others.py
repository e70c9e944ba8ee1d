"""What the demo leaves at work, for people to watch in the console: campaigns that send slowly, wait, and recur."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cli.demo.campaign import CREDITS_PER_MESSAGE, Outcome
from config.simulated_phones import Phones, as_text
from dispatch.accounts.credits import top_up
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.writing import create_campaign
from dispatch.channels.providers import add_provider
from dispatch.channels.routes import Stop, set_route
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.occurrences import register_occurrences

ZONE = "Europe/Athens"
# Slow enough that one sees it move: 1,000 people take a quarter of an hour.
MESSAGES_PER_SECOND = 1
# All that may be sent to everyone meanwhile.
CAMPAIGNS = 3


def start_others(outcome: Outcome, phones: Phones) -> list[int]:
    """Starts a campaign that sends slowly and makes one for tomorrow and one for each Monday; returns their ids.

    Receipts and replies of the slow one come in as these phones say.
    """
    register_occurrences()
    caller = outcome.caller
    top_up(caller, CAMPAIGNS * CREDITS_PER_MESSAGE * outcome.imported.imported)
    given = {"rate": str(MESSAGES_PER_SECOND), "phones": as_text(phones)}
    provider = add_provider(caller, name="slow", kind="simulated", given=given)
    set_route(caller, "whatsapp", [Stop(provider.id)])
    made = [create_campaign(caller, draft) for draft in _drafts(outcome.imported.list_id)]
    enqueue_campaign(caller, made[0].id)
    return [campaign.id for campaign in made]


def _drafts(list_id: int | None) -> tuple[CampaignDraft, ...]:
    """Returns the one to start, the one for tomorrow and the one for each Monday."""
    tomorrow = datetime.now(UTC).astimezone(ZoneInfo(ZONE)) + timedelta(days=1)
    return (
        CampaignDraft(
            name="How was your visit?",
            template='Hi {{ first_name|fallback("there") }}, how was your visit? Just write back.',
            channel="whatsapp",
            list_id=list_id,
        ),
        CampaignDraft(
            name="Late-night shopping tomorrow",
            template='{{ first_name|fallback("Hello") }}, we are open until ten tomorrow.',
            list_id=list_id,
            scheduled_at=tomorrow.replace(hour=10, minute=0, second=0, microsecond=0),
            timezone=ZONE,
        ),
        CampaignDraft(
            name="New this week",
            template='Hi {{ first_name|fallback("there") }}, see what is new this week.',
            list_id=list_id,
            cron_expression="0 9 * * MON",
            timezone=ZONE,
        ),
    )
