"""Campaigns that compare two texts, hold people back and have a rule, and what became of their messages."""

from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.caller import system_caller
from dispatch.campaigns.view import CampaignView
from dispatch.start.winner_rules import apply_rules
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows
from tests.factories import a_campaign
from tests.sending import start_and_deliver

TEXTS = ("Hi {first_name}!", "Hello {first_name}!")


def comparing(account: AccountView, **options: Any) -> CampaignView:
    """Creates a campaign to 80 people, half of whom are held back, with a rule that waits 24 hours."""
    given = {
        "recipients": 80,
        "template": "",
        "variants": [Variant(text=text) for text in TEXTS],
        "hold_back": 50,
        "winner_rule": WinnerRule(after_hours=24, by="delivered"),
    }
    return a_campaign(account, **{**given, **options})


def sent(account: AccountView, *, delivered: tuple[int, int] = (1, 100), **options: Any) -> CampaignView:
    """Sends such a campaign, of which these percents of the people with each text got it."""
    campaign = start_and_deliver(comparing(account, **options))
    for variant, percent in enumerate(delivered, 1):
        deliver_some(campaign.id, variant, percent)
    return campaign


def deliver_some(campaign_id: int, variant: int, percent: int) -> None:
    """Does what receipts do for so many of the people with this text."""
    rows(
        """WITH moved AS (
               UPDATE message SET state = 'delivered' WHERE campaign_id = %(campaign)s AND n IN (
                   SELECT n FROM (SELECT n, row_number() OVER (ORDER BY n) AS place, count(*) OVER () AS all_of_them
                                  FROM message WHERE campaign_id = %(campaign)s AND variant = %(variant)s
                                    AND state = 'sent') AS each
                   WHERE place * 100 <= all_of_them * %(percent)s)
               RETURNING n),
           counted AS (SELECT b.number, count(*) AS n FROM moved JOIN batch b ON b.campaign_id = %(campaign)s
                       AND moved.n >= b.first_n AND moved.n < b.first_n + b.size GROUP BY b.number)
           UPDATE batch SET sent = sent - counted.n, delivered = delivered + counted.n FROM counted
           WHERE batch.campaign_id = %(campaign)s AND batch.number = counted.number""",
        {"campaign": campaign_id, "variant": variant, "percent": percent},
    )


def fall_due(campaign_id: int, *, ago: str = "1 minute") -> None:
    """Lets the time of the campaign's rule come, and lets what was put off be tried again."""
    rows(
        "UPDATE held_back SET decide_at = now() - %s::interval, next_check_at = NULL WHERE campaign_id = %s",
        [ago, campaign_id],
    )


def decide() -> list[int]:
    """Does what a sweeper does every few seconds, and returns the campaigns that it started."""
    return apply_rules(system_caller())


def held_back(campaign_id: int) -> list[str]:
    """Returns the phones of the people whom the campaign held back."""
    found = rows("SELECT phone FROM message WHERE campaign_id = %s AND reason = 'held_back' ORDER BY n", [campaign_id])
    return [each["phone"] for each in found]


def waiting() -> list[dict[str, Any]]:
    """Returns the campaigns whose held-back people wait."""
    return rows("SELECT * FROM held_back ORDER BY campaign_id")


def decisions() -> list[dict[str, Any]]:
    """Returns all decisions, oldest first."""
    return rows("SELECT * FROM variant_decision ORDER BY id")
