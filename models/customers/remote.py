"""Users of user-service as customers, keyed by account and their id there."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from models.customers.phone_types import NO_MESSAGE, PhoneType
from models.customers.suppression import KEEPS_THE_STRONGER
from models.database import changed, rows


class CustomerFromUser(NamedTuple):
    """A user with a phone in E.164; a text that user-service does not know is None."""

    external_id: str
    phone: str
    phone_type: PhoneType
    first_name: str | None
    last_name: str | None
    location: str | None
    prefered_product: str | None


_GIVEN = """
given AS (SELECT * FROM unnest(
    %(external_id)s::text[], %(phone)s::text[], %(phone_type)s::text[], %(first_name)s::text[], %(last_name)s::text[],
    %(location)s::text[], %(prefered_product)s::text[])
    AS t (external_id, phone, phone_type, first_name, last_name, location, prefered_product))
"""

# A number that is another customer's stays theirs, suppressed or not.
_FOLLOW = f"""
WITH {_GIVEN}
INSERT INTO suppression (account_id, phone, reason, source)
SELECT s.account_id, given.phone, s.reason, s.source FROM given
JOIN customer known ON known.account_id = %(account)s AND known.external_id = given.external_id
JOIN suppression s ON s.account_id = %(account)s AND s.phone = known.phone
WHERE known.phone <> given.phone AND NOT EXISTS (
    SELECT FROM customer other WHERE other.account_id = %(account)s AND other.phone = given.phone)
ORDER BY given.phone {KEEPS_THE_STRONGER}
"""

# One that is as it would be written is not written, or every fetch would rewrite the whole audience.
_UNCHANGED = """
SELECT FROM customer same
WHERE same.account_id = %(account)s AND same.external_id = given.external_id AND same.phone = given.phone
  AND same.phone_type IS NOT DISTINCT FROM given.phone_type
  AND same.first_name = coalesce(nullif(given.first_name, ''), same.first_name)
  AND same.last_name = coalesce(nullif(given.last_name, ''), same.last_name)
  AND (given.location IS NULL OR same.location IS NOT DISTINCT FROM given.location)
  AND (given.prefered_product IS NULL OR same.prefered_product IS NOT DISTINCT FROM given.prefered_product)
"""

# A customer with a user's phone and no external id becomes that user's.
_ADOPT = f"""
WITH {_GIVEN}
UPDATE customer SET external_id = given.external_id, updated_at = now() FROM given
WHERE customer.account_id = %(account)s AND customer.phone = given.phone AND customer.external_id IS NULL
  AND NOT EXISTS (SELECT FROM customer known WHERE known.account_id = %(account)s
                                               AND known.external_id = given.external_id)
"""


def upsert_users(account_id: UUID, users: Sequence[CustomerFromUser]) -> tuple[dict[str, int], int]:
    """Inserts or updates the users (no id and no phone twice); returns their customers' ids by external id.

    Beside them: how many of the customers are new.

    A customer with the same phone and no external id becomes the user's. A user whose phone is another user's is left
    out. What user-service does not say stays as it is. A suppression follows to a user's new phone, as in an edit.
    """
    fields = CustomerFromUser._fields
    given: list[Any] = [list(values) for values in zip(*users, strict=True)] or [[]] * len(fields)
    params = {**dict(zip(fields, given, strict=True)), "account": account_id}
    changed(_ADOPT, params)
    changed(_FOLLOW, params)
    written = rows(
        f"""WITH {_GIVEN}
            INSERT INTO customer AS old (account_id, external_id, phone, phone_type, first_name, last_name, location,
                                         prefered_product)
            SELECT %(account)s, external_id, phone, phone_type, coalesce(first_name, ''), coalesce(last_name, ''),
                   location, prefered_product
            FROM given WHERE NOT EXISTS (
                SELECT FROM customer other WHERE other.account_id = %(account)s AND other.phone = given.phone
                                             AND other.external_id IS DISTINCT FROM given.external_id)
              AND NOT EXISTS ({_UNCHANGED})
            ORDER BY phone
            ON CONFLICT (account_id, external_id) WHERE external_id IS NOT NULL DO UPDATE SET
                phone = excluded.phone, phone_type = excluded.phone_type, updated_at = now(),
                first_name = coalesce(nullif(excluded.first_name, ''), old.first_name),
                last_name = coalesce(nullif(excluded.last_name, ''), old.last_name),
                location = coalesce(excluded.location, old.location),
                prefered_product = coalesce(excluded.prefered_product, old.prefered_product)
            RETURNING xmax = 0 AS inserted""",
        params,
    )
    found = rows(
        f"""WITH {_GIVEN}
            SELECT external_id, id FROM given JOIN customer USING (external_id, phone)
            WHERE account_id = %(account)s""",
        params,
    )
    return {customer["external_id"]: customer["id"] for customer in found}, sum(each["inserted"] for each in written)


def opt_out_users(account_id: UUID, external_ids: Sequence[str], phones: Sequence[str]) -> None:
    """Unsubscribes the customers who have opted out in user-service, and suppresses their numbers."""
    changed(
        f"""WITH opted_out AS (
             SELECT id, account_id, phone, consent FROM customer
             WHERE account_id = %(account)s AND (external_id = ANY(%(ids)s) OR phone = ANY(%(phones)s))),
           unsubscribed AS (
             UPDATE customer SET consent = 'unsubscribed', updated_at = now() FROM opted_out
             WHERE customer.id = opted_out.id AND customer.consent <> 'unsubscribed')
           INSERT INTO suppression (account_id, phone, source)
           SELECT account_id, phone, 'user-service' FROM opted_out ORDER BY phone {KEEPS_THE_STRONGER}""",
        {"account": account_id, "ids": list(external_ids), "phones": list(phones)},
    )


def choosable(account_id: UUID, campaign_id: int, customer_ids: Sequence[int]) -> tuple[list[int], int, Counter[str]]:
    """Returns which customers may be added to the campaign, in the given order.

    Beside them: how many are on it already, and how many of the others get no message, by reason.
    """
    found = rows(
        f"""SELECT cu.id, chosen.customer_id IS NOT NULL AS chosen, {NO_MESSAGE} AS skipped
           FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS given (id, place)
           JOIN customer cu ON cu.id = given.id AND cu.account_id = %(account)s
           LEFT JOIN campaign_customer chosen ON chosen.campaign_id = %(campaign)s AND chosen.customer_id = cu.id
           ORDER BY given.place""",
        {"account": account_id, "campaign": campaign_id, "ids": list(customer_ids)},
    )
    new = [customer for customer in found if not customer["chosen"]]
    free = [customer["id"] for customer in new if not customer["skipped"]]
    return free, len(found) - len(new), Counter(customer["skipped"] for customer in new if customer["skipped"])
