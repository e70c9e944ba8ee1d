"""Deletes a campaign's row, in one statement that says which may be deleted."""

from models.database import changed


def delete(campaign_id: int) -> bool:
    """Deletes a draft and its chosen audience; its test campaigns stay. False when it is not a draft."""
    return changed("DELETE FROM campaign WHERE id = %s AND status = 'draft'", [campaign_id]) == 1


def withdraw(child_id: int) -> bool:
    """Deletes a child that failed before it had a message; False when it is anything else."""
    without = "NOT EXISTS (SELECT FROM message m WHERE m.campaign_id = campaign.id)"
    failed = "status = 'failed' AND parent_id IS NOT NULL"
    return changed(f"DELETE FROM campaign WHERE id = %s AND {failed} AND {without}", [child_id]) == 1
