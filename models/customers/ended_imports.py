"""Imports that have ended: deleted by a person, or when they have been kept for long enough."""

from models.customers.imports import CustomerImport
from models.database import changed, row
from models.tenancy import Tenant, owned_by


def remove(import_id: int, tenant: Tenant) -> CustomerImport | None:
    """Deletes the tenant's import and its rejected lines; None unless it has ended. What it imported stays."""
    return row(
        f"DELETE FROM customer_import WHERE id = %(id)s AND {owned_by(tenant)} AND ended_at IS NOT NULL RETURNING *",
        {"id": import_id, "account": tenant},
        into=CustomerImport,
    )


def forget_old(*, keep_days: int, limit: int) -> int:
    """Deletes imports that ended longer ago, and their rejected lines; returns how many, at most `limit`."""
    return changed(
        """DELETE FROM customer_import WHERE id IN (
             SELECT id FROM customer_import WHERE ended_at < now() - make_interval(days => %s)
             ORDER BY ended_at LIMIT %s FOR UPDATE SKIP LOCKED)""",
        [keep_days, limit],
    )
