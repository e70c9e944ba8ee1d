"""Which attributes the customers of an account have."""

from collections.abc import Sequence
from uuid import UUID

from models.database import rows


def attributes_among(account_id: UUID, names: Sequence[str]) -> set[str]:
    """Returns those of the names that are attributes of at least one customer of the account."""
    found = rows(
        """SELECT name FROM unnest(%(names)s::text[]) AS name
           WHERE EXISTS (SELECT FROM customer WHERE account_id = %(account)s AND attributes ? name)""",
        {"account": account_id, "names": list(names)},
    )
    return {each["name"] for each in found}
