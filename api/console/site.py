"""The whole console: importing this registers every page."""

from api.console.blueprint import console
from api.console.pages import (
    account,
    campaign,
    campaign_moves,
    campaigns,
    imports,
    ledgers,
    lists,
    messages,
    people,
    plan,
    providers,
    running,
    schedules,
    segments,
    signing_in,
    texts,
    writing,
)

__all__ = [
    "account",
    "campaign",
    "campaign_moves",
    "campaigns",
    "console",
    "imports",
    "ledgers",
    "lists",
    "messages",
    "people",
    "plan",
    "providers",
    "running",
    "schedules",
    "segments",
    "signing_in",
    "texts",
    "writing",
]
