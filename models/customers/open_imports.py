"""Imports that have not ended: what they hold up, and how a person stops one."""

from uuid import UUID

from models.customers.imports import CustomerImport
from models.database import changed, row
from models.tenancy import Tenant, owned_by


def into_audience(account_id: UUID, list_id: int | None) -> CustomerImport | None:
    """Returns the first open import onto this list, or into the account when it is None; None if there is none."""
    return row(
        """SELECT * FROM customer_import
           WHERE account_id = %(account)s AND status IN ('queued', 'running')
             AND (%(list)s::bigint IS NULL OR list_id = %(list)s) ORDER BY id LIMIT 1""",
        {"account": account_id, "list": list_id},
        into=CustomerImport,
    )


def cancel(import_id: int, tenant: Tenant) -> CustomerImport | None:
    """Ends the tenant's open import and deletes the file; None if it has ended. Its job writes no more."""
    ended = row(
        f"""UPDATE customer_import SET status = 'cancelled', token = NULL, touched_at = now(),
                   started_at = coalesce(started_at, now()), ended_at = now()
            WHERE id = %(id)s AND {owned_by(tenant)} AND status IN ('queued', 'running') RETURNING *""",
        {"id": import_id, "account": tenant},
        into=CustomerImport,
    )
    if ended:
        changed("DELETE FROM customer_import_part WHERE import_id = %s", [import_id])
    return ended
