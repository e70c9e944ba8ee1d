"""The job that continues the preparation of a large campaign."""

from uuid import UUID

from dispatch.start.preparation import continue_preparation
from models.database import db


def prepare_campaign(campaign_id: int, token: str) -> None:
    """Writes the campaign's next messages, if the token is still the preparation's current one."""
    with db.connection_context():
        continue_preparation(campaign_id, UUID(token))
