"""How far the fetch of a remote audience has come; the token of the campaign's preparation guards each page."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed, row, rows
from models.row import Row

FetchState = Literal[
    "fetching",  # Its pages are being read; or were, until the campaign was put back or its holder died.
    "done",  # Every page was read, or the capacity is used up.
    "failed",  # A service failed; `error` says how, and the next start continues at the same page.
]

# A start reuses what another one has fetched in this time.
REUSED_FOR = "1 hour"

_HELD = "c.id = %(id)s AND c.status = 'preparing' AND c.prep_token = %(token)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFetch(Row):
    """The fetch of one campaign's audience."""

    campaign_id: int
    account_id: UUID
    #: Whose users they are: the account's business when the fetch began.
    business_id: str
    #: The claim of the campaign that fetches, or used what was fetched.
    epoch: int
    state: FetchState
    #: Where the next page begins, in the words of user-service; None at the beginning.
    cursor: str | None
    pages: int
    #: How many of the last pages had no users, since the last failure; a service whose pages are all empty never ends.
    empty_pages: int
    #: The most that it may keep; None before the first page, and when there is no limit.
    capacity: int | None
    users_seen: int
    users_kept: int
    #: Users that were not kept, counted by reason.
    rejected: dict[str, int]
    error: str | None
    started_at: datetime
    touched_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, campaign_ids: list[int]) -> "dict[int, RemoteFetch]":
        """Returns the fetches of these campaigns; campaigns without one are left out."""
        if not campaign_ids:
            return {}
        found = rows("SELECT * FROM remote_fetch WHERE campaign_id = ANY(%s)", [campaign_ids], into=cls)
        return {fetch.campaign_id: fetch for fetch in found}

    @classmethod
    def begin(cls, campaign_id: int, token: UUID, business_id: str) -> "RemoteFetch | None":
        """Returns the fetch of a campaign under preparation; None when the token no longer holds.

        The fetch of the same claim continues. Another start continues, or reuses, what the one before it fetched if
        that was within the hour, and otherwise begins again, as it does when the account has become another business.
        The caller opens the transaction of all three statements.
        """
        params = {"id": campaign_id, "token": token, "business": business_id}
        changed(
            f"""WITH old AS (
                  DELETE FROM remote_fetch USING campaign c
                  WHERE {_HELD} AND campaign_id = c.id AND (
                    epoch <> c.claim_epoch AND touched_at < now() - interval '{REUSED_FOR}'
                    -- Once a fetch is done its messages may have been written.
                    OR business_id <> %(business)s AND (epoch <> c.claim_epoch OR state <> 'done'))
                  RETURNING campaign_id)
                DELETE FROM campaign_customer USING old WHERE campaign_customer.campaign_id = old.campaign_id""",
            params,
        )
        return row(
            f"""INSERT INTO remote_fetch AS old (account_id, campaign_id, business_id, epoch)
                SELECT c.account_id, c.id, %(business)s, c.claim_epoch FROM campaign c WHERE {_HELD} FOR NO KEY UPDATE
                ON CONFLICT (campaign_id) DO UPDATE SET epoch = excluded.epoch, error = NULL,
                    empty_pages = CASE old.state WHEN 'failed' THEN 0 ELSE old.empty_pages END,
                    state = CASE old.state WHEN 'failed' THEN 'fetching' ELSE old.state END,
                    ended_at = CASE old.state WHEN 'failed' THEN NULL ELSE old.ended_at END
                RETURNING *""",
            params,
            into=cls,
        )

    @classmethod
    def advance(
        cls, fetch: "RemoteFetch", token: UUID, page: "FetchedPage", *, capacity: int | None
    ) -> "RemoteFetch | None":
        """Moves the cursor over one page; None (roll back and stop) when another process has, or holds the token.

        It counts as progress of the preparation, so that no one takes that over.
        """
        return row(
            f"""WITH held AS (
                  UPDATE campaign c SET prep_touched_at = now(), prep_takeovers = 0 WHERE {_HELD} RETURNING id)
                UPDATE remote_fetch SET cursor = %(cursor)s, pages = pages + 1, capacity = %(capacity)s,
                       empty_pages = CASE WHEN %(seen)s = 0 THEN empty_pages + 1 ELSE 0 END,
                       users_seen = users_seen + %(seen)s, users_kept = users_kept + %(kept)s, rejected = %(rejected)s,
                       state = CASE WHEN %(last)s THEN 'done' ELSE 'fetching' END,
                       ended_at = CASE WHEN %(last)s THEN now() END, touched_at = now()
                FROM held WHERE campaign_id = held.id AND pages = %(pages)s RETURNING remote_fetch.*""",
            {
                "id": fetch.campaign_id,
                "token": token,
                "pages": fetch.pages,
                "capacity": capacity,
                "cursor": page.next,
                "seen": page.kept + sum(page.rejected.values()),
                "kept": page.kept,
                "rejected": Jsonb(dict(sorted((Counter(fetch.rejected) + Counter(page.rejected)).items()))),
                "last": page.is_last,
            },
            into=cls,
        )

    @classmethod
    def fail(cls, campaign_id: int, token: UUID, error: str) -> None:
        """Notes why the fetch stopped, if the token still holds."""
        changed(
            f"""UPDATE remote_fetch SET state = 'failed', error = %(error)s, ended_at = now() FROM campaign c
                WHERE {_HELD} AND campaign_id = c.id AND state = 'fetching'""",
            {"id": campaign_id, "token": token, "error": error},
        )

    @classmethod
    def forget(cls, campaign_id: int) -> None:
        """Forgets what was fetched for another audience or channel."""
        changed("DELETE FROM remote_fetch WHERE campaign_id = %s", [campaign_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """What one page adds: how many of its users were kept, why others were not, and where the next page begins."""

    kept: int
    rejected: dict[str, int]
    next: str | None
    is_last: bool
