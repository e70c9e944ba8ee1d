"""The whole console: importing this registers every page."""

from api.console.blueprint import console
from api.console.pages import (
    account,
    campaign,
    campaign_moves,
    campaigns,
    ledgers,
    lists,
    people,
    providers,
    running,
    signing_in,
    writing,
)

__all__ = [
    "account",
    "campaign",
    "campaign_moves",
    "campaigns",
    "console",
    "ledgers",
    "lists",
    "people",
    "providers",
    "running",
    "signing_in",
    "writing",
]
