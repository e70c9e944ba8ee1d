"""Routes: through which providers an account's messages of a channel are sent, in which order or shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models.database import changed, rows
from models.providers.provider import Provider
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Row):
    """One provider on the route of an account's channel."""

    account_id: UUID
    channel: str
    #: Counted from 0.
    position: int
    provider_id: int
    #: Its share of the messages; None on all of a route means that the first that works gets all.
    weight: int | None

    @classmethod
    def put(cls, account_id: UUID, channel: str, stops: Sequence[tuple[int, int | None]]) -> int:
        """Replaces the route with these providers and weights, in this order; returns how many are on it now.

        In a transaction, because the number is smaller than that of the stops when one of the providers was just
        removed or is another account's.
        """
        rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"route:{account_id}:{channel}"])
        changed("DELETE FROM route WHERE account_id = %s AND channel = %s", [account_id, channel])
        return changed(
            """INSERT INTO route (account_id, channel, position, provider_id, weight)
               SELECT %(account)s, %(channel)s, stop.position - 1, p.id, stop.weight
               FROM unnest(%(providers)s::bigint[], %(weights)s::smallint[]) WITH ORDINALITY
                    AS stop (provider_id, weight, position) JOIN provider p ON p.id = stop.provider_id
               WHERE p.removed_at IS NULL AND (p.account_id IS NULL OR p.account_id = %(account)s)
               FOR SHARE OF p""",
            {
                "account": account_id,
                "channel": channel,
                "providers": [provider_id for provider_id, _ in stops],
                "weights": [weight for _, weight in stops],
            },
        )

    @classmethod
    def providers_of(cls, account_id: UUID, channel: str) -> "list[RoutedProvider]":
        """Returns the providers on the route of the account's channel, in its order; [] when there is none."""
        return rows(
            """SELECT p.*, r.weight FROM route r JOIN provider p ON p.id = r.provider_id
               WHERE r.account_id = %s AND r.channel = %s ORDER BY r.position""",
            [account_id, channel],
            into=RoutedProvider,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedProvider(Provider):
    """A provider on a route, with its share of the messages."""

    weight: int | None
