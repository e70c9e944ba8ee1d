"""Imports that have not ended: what they hold up, and how a person stops one."""

from collections.abc import Sequence
from uuid import UUID

from models.customers.import_files import forget_file
from models.customers.imports import CustomerImport
from models.database import row
from models.tenancy import Tenant, owned_by


def into_audience(account_id: UUID, list_ids: Sequence[int] | None) -> CustomerImport | None:
    """Returns the first open import that changes who is reached, or None.

    That is one onto one of the lists, one into the account when they are None, and one of suppressed numbers anyway.
    """
    return row(
        """SELECT * FROM customer_import
           WHERE account_id = %(account)s AND status IN ('queued', 'running') AND NOT dry_run
             AND (kind = 'suppressions' OR %(lists)s::bigint[] IS NULL OR list_id = ANY(%(lists)s))
           ORDER BY id LIMIT 1""",
        {"account": account_id, "lists": None if list_ids is None else list(list_ids)},
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
        forget_file(import_id)
    return ended
