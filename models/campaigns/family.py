"""A campaign and its follow-ups are a family, in which a number is messaged once: who is left for the next follow-up.

A number is taken when a message of the family reached it or may have, whatever became of the customer's row since, and
when a follow-up holds it that has not ended. The same counts for the person, who may have another number by now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.campaigns.campaign import Campaign
from models.database import changed, count, one, rows
from models.row import Row

# Of a number that the family failed to reach. Beyond this, another call is no use to anyone, and providers count them.
MOST_ATTEMPTS = 12

# In these states a message did not reach anyone and never will.
_NOT_REACHED = ("failed", "undelivered", "cancelled", "skipped")
# A person whom a rest failed to reach is for a retry to try again; a rest is for those who were never tried.
_NOT_TRIED = ("cancelled", "skipped")

# Who of the `people` is left, and how often their numbers were called. To group both sides together takes one pass over
# each; an anti-join over a campaign that is not in the table's statistics yet would read all of it for every person.
# A row of a follow-up that has ended makes way: `released` ends before the first row is inserted, because a sum is only
# known at its end.
_TAKE = """
WITH people AS MATERIALIZED ({people}),
family AS MATERIALIZED (
    SELECT customer_id, phone, state = ANY(%(free)s) AND (campaign_id <> %(root)s OR NOT %(new_only)s) AS free, attempts
    FROM message WHERE campaign_id = ANY(%(family)s)
    UNION ALL
    SELECT customer_id, phone, false, 0 FROM campaign_number WHERE root_id = %(root)s AND campaign_id = ANY(%(open)s)),
persons AS (
    SELECT id, max(phone) AS phone
    FROM (SELECT id, phone, true AS free FROM people
          UNION ALL SELECT customer_id, NULL, free FROM family) AS both_sides
    GROUP BY id HAVING bool_and(free) AND max(phone) IS NOT NULL),
remaining AS MATERIALIZED (
    SELECT max(id) AS id, phone, sum(attempts) AS attempts
    FROM (SELECT id, phone, true AS free, 0 AS attempts FROM persons
          UNION ALL SELECT NULL, phone, free, attempts FROM family) AS both_sides
    GROUP BY phone HAVING bool_and(free) AND max(id) IS NOT NULL AND sum(attempts) < %(most_attempts)s),
released AS (
    DELETE FROM campaign_number WHERE root_id = %(root)s
        AND (customer_id IN (SELECT id FROM remaining) OR phone IN (SELECT phone FROM remaining)) RETURNING 1)
INSERT INTO campaign_number (account_id, campaign_id, root_id, customer_id, phone, attempts)
SELECT %(account)s, %(child)s, %(root)s, r.id, r.phone, r.attempts
FROM remaining r CROSS JOIN (SELECT count(*) FROM released) AS made_way
ORDER BY r.id
"""

# A person whose number has been corrected since is tried at the new one.
_OF_PARENT = """
SELECT cu.id, cu.phone FROM message m JOIN customer cu ON cu.id = m.customer_id AND cu.account_id = %(account)s
WHERE m.campaign_id = %(parent)s AND """
_FAILED = f"{_OF_PARENT} m.state IN ('failed', 'undelivered')"
# Of one cause; an empty code stands for messages without one.
_BECAUSE = """
AND (%(reason)s::text IS NULL OR m.reason = %(reason)s)
AND (%(error_code)s::text IS NULL OR coalesce(m.error_code, '') = %(error_code)s)"""
_HELD_BACK = f"{_OF_PARENT} m.state = 'skipped' AND m.reason = 'held_back'"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignNumber(Row):
    """One number that was assigned to a child campaign."""

    id: int
    account_id: UUID
    campaign_id: int
    #: The first campaign of the family; None for a test.
    root_id: int | None
    #: None when the customer has been deleted since, or when it is a number to test with that is nobody's.
    customer_id: int | None
    phone: str
    #: Calls that the family made to the number before this child.
    attempts: int

    @classmethod
    def take_failed(
        cls, child: Campaign, parent_id: int, *, reason: str | None = None, error_code: str | None = None
    ) -> int:
        """Assigns to the child everyone whom the parent failed to reach and the family may try again; returns how many.

        With a `reason` or an `error_code` only those whose message has it; an empty code means none. The caller's
        transaction keeps other follow-ups of the family waiting.
        """
        params = {"parent": parent_id, "reason": reason, "error_code": error_code}
        return _take(child, f"{_FAILED} {_BECAUSE}", params, free=_NOT_REACHED, new_only=False)

    @classmethod
    def take_chosen(cls, child: Campaign, parent_id: int, numbers: Sequence[int]) -> int:
        """Assigns to the child those of `take_failed` with these numbers of the parent; returns how many."""
        chosen = f"{_FAILED} AND m.n = ANY(%(numbers)s)"
        params = {"parent": parent_id, "numbers": list(numbers)}
        return _take(child, chosen, params, free=_NOT_REACHED, new_only=False)

    @classmethod
    def take_held_back(cls, child: Campaign, parent_id: int) -> int:
        """Assigns to the child everyone whom the parent held back and the family has not messaged; returns how many."""
        return _take(child, _HELD_BACK, {"parent": parent_id}, free=_NOT_REACHED, new_only=False)

    @classmethod
    def take_rest(cls, child: Campaign, *, members: str, skipped: str, params: dict[str, Any]) -> int:
        """Assigns to the child the root's current audience minus everyone the family has tried; returns how many.

        `members` and `skipped` are the audience as SQL (`dispatch/audience/members.py`), over the customers `cu`. The
        caller's transaction keeps other follow-ups of the family waiting.
        """
        people = f"SELECT cu.id, cu.phone FROM {members} AND ({skipped}) IS NULL"
        return _take(child, people, params, free=_NOT_TRIED, new_only=True)

    @classmethod
    def assign(cls, child: Campaign, phones: list[str]) -> int:
        """Assigns its numbers to a test, each with the customer it belongs to, if any; returns how many."""
        return changed(
            """INSERT INTO campaign_number (account_id, campaign_id, customer_id, phone)
               SELECT %(account)s, %(child)s, cu.id, given.phone
               FROM unnest(%(phones)s::text[]) WITH ORDINALITY AS given (phone, place)
               LEFT JOIN customer cu ON cu.account_id = %(account)s AND cu.phone = given.phone
               ORDER BY given.place""",
            {"account": child.account_id, "child": child.id, "phones": phones},
        )


def attempts_before(campaign_id: int, phone: str) -> int:
    """Returns how many calls the other campaigns of a follow-up's family made to the number before it took it."""
    return count(
        "SELECT coalesce(sum(attempts), 0) FROM campaign_number WHERE campaign_id = %s AND phone = %s",
        [campaign_id, phone],
    )


@dataclass(frozen=True, slots=True)
class _Family:
    """The campaigns of a family, and those of them that may still write messages."""

    everyone: list[int]
    open: list[int]


def _take(child: Campaign, people: str, params: dict[str, Any], *, free: Sequence[str], new_only: bool) -> int:
    if child.root_id is None:
        raise ValueError(f"campaign {child.id} follows up none")
    # Two follow-ups at once would not see each other's rows, so one waits until the other is committed. The statements
    # after the lock see what was committed before it was granted.
    rows("SELECT pg_advisory_xact_lock(hashtextextended('family:' || %s::bigint, 0))", [child.root_id])
    family = one(
        """SELECT array_agg(id) AS everyone,
                  coalesce(array_agg(id) FILTER (WHERE status NOT IN ('completed', 'cancelled', 'failed')), '{}')
                  AS open
           FROM campaign WHERE id = %(root)s OR root_id = %(root)s""",
        {"root": child.root_id},
        into=_Family,
    )
    given = {
        "account": child.account_id,
        "child": child.id,
        "root": child.root_id,
        "family": family.everyone,
        "open": family.open,
        "free": list(free),
        "new_only": new_only,
        "most_attempts": MOST_ATTEMPTS,
    }
    return changed(_TAKE.format(people=people), {**params, **given})
