"""The phones of an import that is only tried: which came before in its file, since no other table knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import rows
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerImportPhone(Row):
    """A phone that came in the file of an import that is being tried."""

    import_id: int
    phone: str


def seen_first(import_id: int, phones: Sequence[str]) -> set[str]:
    """Returns those of the phones that come for the first time, and remembers all of them."""
    found = rows(
        """INSERT INTO customer_import_phone (import_id, phone)
           SELECT %s, phone FROM unnest(%s::text[]) AS phone ORDER BY phone ON CONFLICT DO NOTHING RETURNING phone""",
        [import_id, list(phones)],
    )
    return {each["phone"] for each in found}
