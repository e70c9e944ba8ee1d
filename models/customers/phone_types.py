"""What kind of number a customer's phone is: found when it is read, and later for those that came in before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from models.database import changed, rows

PhoneType = Literal[
    "mobile",
    "fixed_or_mobile",  # Where both have the same ranges, as in North America.
    "fixed",
    "premium",
    "shared_cost",
    "toll_free",
    "voip",
    "satellite",
    "other",  # Pagers, personal and company-wide numbers, voicemail.
]
PHONE_TYPES: tuple[PhoneType, ...] = get_args(PhoneType)
# These get no text unless the account's `text_to` says otherwise: a landline cannot show it, and a call back costs the
# person money.
LEFT_OUT: tuple[PhoneType, ...] = ("fixed", "premium", "shared_cost")
# Why a customer `cu` gets no message: unsubscribed, or the number is suppressed, of a kind that is left out or of a
# country to which an operator lets the account not send; or NULL. The account is asked only about those few,
# and not, because of IS TRUE, about numbers whose kind is not known.
# The accounts with countries are looked up once and not for each customer: IN is a hash, EXISTS a query.
NO_MESSAGE = f"""
CASE WHEN cu.consent <> 'subscribed' OR EXISTS (
         SELECT FROM suppression s WHERE s.account_id = cu.account_id AND s.phone = cu.phone) THEN 'opted_out'
     WHEN (cu.phone_type IN ({", ".join(f"'{kind}'" for kind in LEFT_OUT)})) IS TRUE AND NOT EXISTS (
         SELECT FROM account a WHERE a.id = cu.account_id AND cu.phone_type = ANY (a.text_to)) THEN 'not_mobile'
     WHEN cu.account_id IN (SELECT account_id FROM account_quota WHERE phones IS NOT NULL)
          AND EXISTS (SELECT FROM account_quota q WHERE q.account_id = cu.account_id AND cu.phone !~ q.phones)
     THEN 'country_not_allowed' END
"""


@dataclass(frozen=True, slots=True)
class PhoneWithoutType:
    """A customer's phone whose kind is not known yet."""

    id: int
    phone: str


def without_type(account_id: UUID, *, after: int, limit: int) -> list[PhoneWithoutType]:
    """Returns the account's next phones of a kind that is not known, in the order of their customers' ids."""
    return rows(
        """SELECT id, phone FROM customer WHERE account_id = %s AND id > %s AND phone_type IS NULL
           ORDER BY id LIMIT %s""",
        [account_id, after, limit],
        into=PhoneWithoutType,
    )


def set_types(found: Sequence[tuple[PhoneWithoutType, PhoneType]]) -> int:
    """Records the kinds of these phones, unless they were changed in the meantime; returns how many it recorded."""
    return changed(
        """UPDATE customer SET phone_type = given.type
           FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS given (id, phone, type)
           WHERE customer.id = given.id AND customer.phone = given.phone""",
        [[each.id for each, _ in found], [each.phone for each, _ in found], [kind for _, kind in found]],
    )


def counts(account_id: UUID) -> Mapping[str, int]:
    """Counts the account's customers by the kind of their numbers, `unknown` where it is not known yet."""
    found = rows(
        """SELECT coalesce(phone_type, 'unknown') AS type, count(*) AS people FROM customer
           WHERE account_id = %s GROUP BY 1 ORDER BY 2 DESC, 1""",
        [account_id],
    )
    return {each["type"]: each["people"] for each in found}
