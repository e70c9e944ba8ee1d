"""The job that starts one due campaign."""

from dispatch.caller import system_caller
from dispatch.start.sweep import start_if_due
from models.database import db


def process_campaign(campaign_id: int) -> None:
    """Starts the campaign as a sweep does, if it is still due."""
    with db.connection_context():
        start_if_due(system_caller(), campaign_id)
