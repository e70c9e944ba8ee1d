"""Receipts: what providers say became of messages, stored once and applied later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from models.database import changed
from models.providers.refused_callback import ACCEPTED
from models.row import Row


class NewReceipt(NamedTuple):
    """A receipt as it is stored; `key` is the same whenever the provider sends the same event."""

    key: str
    state: str
    #: The message that it names; None when it names none of ours.
    campaign_id: int | None
    n: int | None
    message_id: str | None
    reason: str | None
    error_code: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Row):
    """One thing that a provider said of one message."""

    id: int
    provider_id: int
    key: str
    state: str
    campaign_id: int | None
    n: int | None
    message_id: str | None
    #: Why it was not delivered; None in any other state.
    reason: str | None
    error_code: str | None
    at: datetime | None
    received_at: datetime
    #: When it is looked at next; None when it has been dealt with.
    due_at: datetime | None
    #: What came of it so far; None until it is looked at.
    outcome: str | None

    @classmethod
    def add(cls, provider_id: int, receipts: Sequence[NewReceipt]) -> int:
        """Stores those that the provider has not sent before; returns how many."""
        keys, states, campaigns, numbers, ids, reasons, codes, times = zip(*receipts, strict=True)
        return changed(
            f"""WITH {ACCEPTED}
               INSERT INTO receipt (provider_id, key, state, campaign_id, n, message_id, reason, error_code, at)
               SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::int[], %s::text[], %s::text[],
                                        %s::text[], %s::timestamptz[]) AS r (key) ORDER BY r.key
               ON CONFLICT (provider_id, key) DO NOTHING""",
            [provider_id, provider_id, *map(list, (keys, states, campaigns, numbers, ids, reasons, codes, times))],
        )

    @classmethod
    def forget_old(cls, *, keep_days: int, limit: int) -> int:
        """Deletes receipts that came so many days ago, the oldest first; returns how many."""
        return changed(
            """DELETE FROM receipt WHERE id IN (
                 SELECT id FROM receipt WHERE received_at < now() - make_interval(days => %s)
                 ORDER BY received_at LIMIT %s)""",
            [keep_days, limit],
        )
