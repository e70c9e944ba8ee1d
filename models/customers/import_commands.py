"""Imports by commands, which keep the file themselves and hold an advisory lock as long as they are at work."""

from uuid import UUID

from models.customers.import_states import ImportKind, RunningImport
from models.customers.imports import CustomerImport
from models.database import one, rows

_ALIVE = "hashtextextended('import:' || %(id)s::text, 0)"


def begin(
    account_id: UUID,
    *,
    kind: ImportKind = "customers",
    list_id: int | None,
    list_name: str,
    file_name: str,
    country: str | None,
    size: int,
    actor: str,
) -> RunningImport:
    """Inserts an import that this connection is at work on, and marks it as alive until `release`."""
    begun = one(
        """INSERT INTO customer_import
               (account_id, kind, list_id, list_name, file_name, country, size, actor, by_command, status, started_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, true, 'running', now()) RETURNING *""",
        [account_id, kind, list_id, list_name, file_name, country, size, actor],
        into=RunningImport,
    )
    # Before the row can be seen. It ends with the connection, whatever ends that.
    rows(f"SELECT pg_advisory_lock({_ALIVE})", {"id": begun.id})
    return begun


def release(import_id: int) -> None:
    """Ends what `begin` marked as alive."""
    rows(f"SELECT pg_advisory_unlock({_ALIVE})", {"id": import_id})


def end_dead(error: str) -> list[CustomerImport]:
    """Ends, as failed, the open imports whose command has died, and returns them."""
    return rows(
        f"""WITH opened AS MATERIALIZED (
                SELECT id FROM customer_import WHERE status IN ('queued', 'running') AND by_command
            )
            UPDATE customer_import i SET status = 'failed', error = %(error)s, token = NULL, ended_at = now()
            FROM opened WHERE i.id = opened.id AND i.status IN ('queued', 'running')
              AND pg_try_advisory_xact_lock({_ALIVE.replace("%(id)s", "opened.id")})
            RETURNING i.*""",
        {"error": error},
        into=CustomerImport,
    )
