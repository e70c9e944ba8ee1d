"""An audience in groups of people who may be messaged at the same time."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from dispatch.audience.cost import bounded
from dispatch.audience.members import Audience, as_sql
from dispatch.hours.zones import deciding_digits
from models.database import stream
from models.messages.caps import TIMES_BY_PHONE, Caps


class Cohort(NamedTuple):
    """People with the same zone of their own, and phones that begin with the same digits."""

    own_zone: str | None
    #: One of their phones; all are in the same place.
    phone: str
    #: Why they get no message; None if they do.
    skipped: str | None
    #: When each of them got, or will get, other marketing messages (to the minute), if these may be enough; else None.
    times: list[datetime] | None
    people: int


def cohorts_of(audience: Audience, *, caps: Caps | None, at: datetime) -> Iterator[Cohort]:
    """Yields the whole audience as it is now; other messages count from a week before `at`, if there are caps."""
    members, params, skipped = as_sql(audience)
    capped = f", got AS ({TIMES_BY_PHONE})" if caps else ""
    times, join = ("times", "LEFT JOIN got USING (phone)") if caps else ("NULL::timestamptz[]", "")
    with bounded(audience):
        yield from stream(
            f"""WITH people AS (SELECT cu.zone, cu.phone, {skipped} AS skipped FROM {members}){capped}
                SELECT zone, min(phone), skipped, {times} AS times, count(*) FROM people {join}
                GROUP BY zone, skipped, times,
                    left(phone, 1 + (%(digits)s::int[])[1 + substr(phone, 2, 2)::int])""",
            params | {"at": at, "fewest": caps.fewest if caps else None, "digits": list(deciding_digits())},
            into=Cohort,
        )
