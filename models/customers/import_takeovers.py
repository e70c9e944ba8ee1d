"""Imports of uploaded files that no job continues, and who continues them."""

from uuid import UUID

from models.customers.import_states import OpenImport
from models.database import row, rows


def stale(idle_sec: int) -> list[OpenImport]:
    """Returns the open imports of uploaded files that no job has touched for a while."""
    return rows(
        """SELECT * FROM customer_import
           WHERE status IN ('queued', 'running') AND NOT by_command
             AND touched_at < now() - make_interval(secs => %s) ORDER BY id""",
        [idle_sec],
        into=OpenImport,
    )


def take_over(import_id: int, old_token: UUID, *, most: int) -> OpenImport | None:
    """Replaces the token of an abandoned import; None when it is not abandoned, or was too often at this line."""
    return row(
        """UPDATE customer_import SET token = gen_random_uuid(), takeovers = takeovers + 1, touched_at = now()
           WHERE id = %s AND token = %s AND takeovers < %s RETURNING *""",
        [import_id, old_token, most],
        into=OpenImport,
    )
