"""How many different attributes the customers of an account have; triggers count, and refuse one too many."""

from dataclasses import dataclass
from uuid import UUID

from models.database import changed, rows
from models.row import Row

#: As the trigger of the table refuses more: different attributes of an account.
MAX_OF_ACCOUNT = 1_000
#: As the trigger of customers refuses more: bytes of JSON, after several imports have added to them.
MAX_STORED_BYTES = 262_144
# By which a refusal of the triggers is told from others.
TOO_MANY_NAMES, TOO_LARGE = "attribute_names_of_account", "attributes_of_customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeCount(Row):
    """How many attributes an account's customers have, or had since unused ones were last forgotten."""

    account_id: UUID
    names: int


def nearly_full(share: float) -> list[UUID]:
    """Returns the accounts that have at least this share of the attributes that they may have."""
    found = rows("SELECT account_id FROM attribute_count WHERE names >= %s ORDER BY 1", [int(MAX_OF_ACCOUNT * share)])
    return [each["account_id"] for each in found]


def forget_unused(account_id: UUID) -> int:
    """Deletes the names of attributes that no customer of the account has any more, and returns how many."""
    return changed(
        """DELETE FROM attribute_name WHERE account_id = %(account)s AND name NOT IN (
             SELECT DISTINCT jsonb_object_keys(attributes) FROM customer
             WHERE account_id = %(account)s AND attributes <> '{}')""",
        {"account": account_id},
    )
