"""Which messages without a receipt are asked for at their provider: batch by batch, in a few rounds, each part once.

What is asked for is marked and committed before the calls, so no message is asked for by two processes at a time, and
one that dies leaves at most its part of a round unasked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from models.database import changed, rows
from models.row import Row
from models.turns import HAD, Turns

# When each round begins, as multiples of the provider's `ask_after_hours`, and at the latest: after 72 hours a receipt
# changes nothing any more.
ROUNDS = (1.0, 4.0, 10.0)
_LAST_ROUND = "interval '70 hours'"
# A process that does not come back has died.
_LEASE = "interval '2 minutes'"
# After the provider did not answer.
_LATER = "interval '10 minutes'"

# Only batches that still lack receipts, of campaigns whose accounts have a provider that can be asked.
_BEGIN = """
INSERT INTO receipt_lookup (campaign_id, number, after_sec, next_n, due_at)
SELECT c.id, b.number, greatest(p.hours * 3600, 1)::int, b.first_n, now()
FROM campaign c
CROSS JOIN LATERAL (
    SELECT min(coalesce((settings->>'ask_after_hours')::real, %(hours)s::real)) AS hours FROM provider
    WHERE kind = ANY(%(kinds)s) AND (account_id = c.account_id OR account_id IS NULL)) AS p
JOIN batch b ON b.campaign_id = c.id AND b.sent + b.unknown > 0
WHERE c.started_at > now() - interval '72 hours' AND c.started_at <= now() - make_interval(secs => p.hours * 3600)
  AND NOT EXISTS (SELECT FROM receipt_lookup l WHERE l.campaign_id = c.id AND l.number = b.number)
ORDER BY c.id, b.number LIMIT 1000
ON CONFLICT DO NOTHING
"""

_TAKE = f"""
WITH taken AS MATERIALIZED (
    SELECT c.account_id, l.campaign_id, l.number, l.round, l.next_n, l.after_sec, b.first_n + b.size AS last
    FROM receipt_lookup l JOIN batch b ON b.campaign_id = l.campaign_id AND b.number = l.number
         JOIN campaign c ON c.id = l.campaign_id LEFT JOIN {HAD} ON had.account_id = c.account_id
    WHERE l.due_at <= now() ORDER BY coalesce(had.turns, 0), l.due_at LIMIT 1 FOR NO KEY UPDATE OF l SKIP LOCKED),
found AS MATERIALIZED (
    SELECT m.n, m.provider, m.provider_id FROM taken CROSS JOIN LATERAL (
        SELECT n, provider, provider_id FROM message
        WHERE campaign_id = taken.campaign_id AND n >= taken.next_n AND n < taken.last
          AND state IN ('sent', 'unknown') AND provider_id IS NOT NULL
          AND split_part(provider, ':', 1) = ANY(%(kinds)s)
          AND coalesce(sent_at, lease_until) BETWEEN now() - interval '72 hours'
              AND now() - make_interval(secs => taken.after_sec)
        ORDER BY n LIMIT %(most)s) AS m),
marked AS (
    UPDATE receipt_lookup l SET
        next_n = CASE WHEN (SELECT count(*) FROM found) = %(most)s THEN (SELECT max(n) + 1 FROM found)
                      ELSE taken.last END,
        due_at = now() + {_LEASE}
    FROM taken WHERE l.campaign_id = taken.campaign_id AND l.number = taken.number
    RETURNING taken.account_id, l.campaign_id, l.number, l.round, l.next_n)
SELECT marked.*, found.n, found.provider, found.provider_id FROM marked LEFT JOIN found ON true ORDER BY found.n
"""

_GO_ON = f"""
UPDATE receipt_lookup l SET
    round = l.round + (l.next_n >= b.first_n + b.size)::int,
    next_n = CASE WHEN l.next_n >= b.first_n + b.size THEN b.first_n ELSE l.next_n END,
    due_at = CASE WHEN l.next_n < b.first_n + b.size THEN now()
                  WHEN l.round + 1 < cardinality(%(rounds)s::float[])
                  THEN greatest(now(), c.started_at + least({_LAST_ROUND}, make_interval(
                      secs => l.after_sec * (%(rounds)s::float[])[l.round + 2]))) END
FROM batch b JOIN campaign c ON c.id = b.campaign_id
WHERE l.campaign_id = %(campaign)s AND l.number = %(number)s AND l.round = %(round)s AND l.next_n = %(next_n)s
  AND b.campaign_id = l.campaign_id AND b.number = l.number
"""

_PUT_OFF = f"""
UPDATE receipt_lookup SET next_n = %(from_n)s, due_at = now() + {_LATER}
WHERE campaign_id = %(campaign)s AND number = %(number)s AND round = %(round)s AND next_n = %(next_n)s
"""


class Asked(NamedTuple):
    """A message to ask for: the provider that has it, as messages name it, and the provider's own id of it."""

    n: int
    provider: str
    provider_id: str


class Part(NamedTuple):
    """The next messages of a batch; there may be none left of it."""

    account_id: UUID
    campaign_id: int
    number: int
    round: int
    next_n: int
    messages: list[Asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLookup(Row):
    """How far a batch has been asked for."""

    campaign_id: int
    number: int
    after_sec: int
    round: int
    next_n: int
    due_at: datetime | None

    @classmethod
    def begin(cls, kinds: Sequence[str], *, hours: float) -> int:
        """Notes batches that have waited for receipts long enough; returns how many.

        `kinds` can be asked, after `hours` unless a provider has a number of its own.
        """
        return changed(_BEGIN, {"kinds": list(kinds), "hours": hours})

    @classmethod
    def take(cls, kinds: Sequence[str], *, most: int, turns: Turns) -> Part | None:
        """Marks the next messages of a batch as asked for and returns them; None when no batch is due.

        The batch that has waited longest, of the account that has had the fewest turns.
        """
        found = rows(_TAKE, {"kinds": list(kinds), "most": most, **turns.had()})
        if not found:
            return None
        first = found[0]
        messages = [Asked(each["n"], each["provider"], each["provider_id"]) for each in found if each["n"] is not None]
        return Part(
            first["account_id"], first["campaign_id"], first["number"], first["round"], first["next_n"], messages
        )

    @classmethod
    def go_on(cls, part: Part) -> None:
        """Makes the batch due for its next part or round; after the last round it never is."""
        changed(_GO_ON, {**_named(part), "rounds": list(ROUNDS)})

    @classmethod
    def put_off(cls, part: Part, from_n: int) -> None:
        """Has this part, from this message on, asked for again later, because the provider did not answer."""
        changed(_PUT_OFF, {**_named(part), "from_n": from_n})


def _named(part: Part) -> dict[str, int]:
    return {"campaign": part.campaign_id, "number": part.number, "round": part.round, "next_n": part.next_n}
