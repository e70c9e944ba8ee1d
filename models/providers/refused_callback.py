"""How many requests came in the name of a provider without its signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from models.database import changed, rows
from models.row import Row

# For the statement that stores what an accepted request says: the next refusal is the first in a row again.
ACCEPTED = """accepted AS (
    UPDATE refused_callback SET in_a_row = 0 WHERE provider_id IN (
        SELECT provider_id FROM refused_callback WHERE provider_id = ANY(%s) AND in_a_row > 0
        ORDER BY provider_id FOR UPDATE))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCallback(Row):
    """The count of one provider."""

    provider_id: int
    times: int
    #: Since a receipt or a reply was last accepted.
    in_a_row: int
    last_at: datetime

    @classmethod
    def count_one(cls, provider_id: int) -> None:
        """Counts one more."""
        changed(
            """INSERT INTO refused_callback (provider_id, times, in_a_row, last_at) VALUES (%s, 1, 1, now())
               ON CONFLICT (provider_id) DO UPDATE
               SET times = refused_callback.times + 1, in_a_row = refused_callback.in_a_row + 1, last_at = now()""",
            [provider_id],
        )

    @classmethod
    def of(cls, provider_ids: Sequence[int]) -> dict[int, Self]:
        """Returns the counts of those of these providers that have one."""
        found = rows("SELECT * FROM refused_callback WHERE provider_id = ANY(%s)", [list(provider_ids)], into=cls)
        return {each.provider_id: each for each in found}


@dataclass(frozen=True, slots=True)
class RefusedProvider:
    """A provider whose last callbacks were refused."""

    id: int
    name: str
    kind: str
    #: Its account's; UTC for one that every account may use.
    zone: str
    in_a_row: int
    last_at: datetime

    @classmethod
    def lately(cls, *, hours: int) -> list[Self]:
        """Returns the live providers that nothing was accepted of since a refusal in the last so many hours."""
        return rows(
            """SELECT p.id, p.name, p.kind, coalesce(a.zone, 'UTC') AS zone, r.in_a_row, r.last_at
               FROM refused_callback r JOIN provider p ON p.id = r.provider_id
               LEFT JOIN account a ON a.id = p.account_id
               WHERE r.in_a_row > 0 AND r.last_at > now() - make_interval(hours => %s) AND p.removed_at IS NULL
               ORDER BY r.in_a_row DESC, p.id""",
            [hours],
            into=cls,
        )
