"""Deletes a campaign's row, in one statement that says which may be deleted."""

from models.campaigns.campaign import AS_READ
from models.database import changed


def delete(campaign_id: int, *, read: int | None = None) -> bool:
    """Deletes a draft and its chosen audience; its test campaigns stay.

    False when it is not a draft, or has another revision than the one that was read, if any was.
    """
    draft = f"DELETE FROM campaign WHERE id = %(id)s AND status = 'draft' AND {AS_READ}"
    return changed(draft, {"id": campaign_id, "read": read}) == 1


def withdraw(child_id: int) -> bool:
    """Deletes a child that failed before it had a message; False when it is anything else."""
    without = "NOT EXISTS (SELECT FROM message m WHERE m.campaign_id = campaign.id)"
    failed = "status = 'failed' AND parent_id IS NOT NULL"
    return changed(f"DELETE FROM campaign WHERE id = %s AND {failed} AND {without}", [child_id]) == 1
