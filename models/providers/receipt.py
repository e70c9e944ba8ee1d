"""Receipts: what providers say became of messages, stored once and applied later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from models.database import changed, rows
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
        return cls.add_all([(provider_id, receipts)])[0]

    @classmethod
    def add_all(cls, shares: Sequence[tuple[int, Sequence[NewReceipt]]]) -> list[int]:
        """Stores what several providers, or several requests of one, say; returns how many of each are new."""
        providers = [provider_id for provider_id, receipts in shares for _ in receipts]
        every = (receipt for _, receipts in shares for receipt in receipts)
        keys, states, campaigns, numbers, ids, reasons, codes, times = zip(*every, strict=True)
        made = rows(
            f"""WITH {ACCEPTED}
               INSERT INTO receipt (provider_id, key, state, campaign_id, n, message_id, reason, error_code, at)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::int[], %s::text[],
                                    %s::text[], %s::text[], %s::timestamptz[]) AS r (provider_id, key)
               ORDER BY r.provider_id, r.key ON CONFLICT (provider_id, key) DO NOTHING RETURNING provider_id, key""",
            [
                sorted({provider_id for provider_id, _ in shares}),
                providers,
                *map(list, (keys, states, campaigns, numbers, ids, reasons, codes, times)),
            ],
        )
        new = {(each["provider_id"], each["key"]) for each in made}
        return [_taken_from(new, provider_id, receipts) for provider_id, receipts in shares]

    @classmethod
    def forget_old(cls, *, keep_days: int, limit: int) -> int:
        """Deletes receipts that came so many days ago, the oldest first; returns how many."""
        return changed(
            """DELETE FROM receipt WHERE id IN (
                 SELECT id FROM receipt WHERE received_at < now() - make_interval(days => %s)
                 ORDER BY received_at LIMIT %s)""",
            [keep_days, limit],
        )


def _taken_from(new: set[tuple[int, str]], provider_id: int, receipts: Sequence[NewReceipt]) -> int:
    """Takes a share's receipts out of those that are new; of several with one key, the first that asks has it."""
    mine = {(provider_id, each.key) for each in receipts} & new
    new -= mine
    return len(mine)
