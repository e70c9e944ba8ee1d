"""Campaigns that are due, as the sweep sees them."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from config.settings import settings
from models.campaigns.blocking import IS_SWEPT
from models.campaigns.campaign import Campaign
from models.database import row, rows
from models.tenancy import Tenant, owned_by
from models.turns import HAD, Turns

_DUE = f"""
SELECT id, account_id, name, status, correlation_id, traceparent, scheduled_at, next_check_at,
       scheduled_at < now() - make_interval(secs => greatest(grace_sec, %(least)s)) AS late,
       CASE kind WHEN 'occurrence' THEN actor END AS starter
FROM campaign
WHERE status = 'scheduled' AND scheduled_at <= now() AND (next_check_at IS NULL OR next_check_at <= now())
  AND {IS_SWEPT}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCampaign:
    """A scheduled campaign whose time has come."""

    id: int
    account_id: UUID
    name: str
    status: str
    #: Whether its time is longer ago than its grace, and than a sweep takes, so that a person has to decide.
    late: bool
    #: Who starts an occurrence: whoever made its pattern recurring. None: the system.
    starter: str | None
    correlation_id: str | None
    traceparent: str | None

    @classmethod
    def of(cls, occurrence: Campaign) -> Self:
        """Returns an occurrence that is due."""
        return cls(
            id=occurrence.id,
            account_id=occurrence.account_id,
            name=occurrence.name,
            status=occurrence.status,
            late=False,
            starter=occurrence.actor,
            correlation_id=occurrence.correlation_id,
            traceparent=occurrence.traceparent,
        )

    @classmethod
    def find(cls, campaign_id: int, tenant: Tenant) -> "DueCampaign | None":
        """Returns the tenant's campaign if it is due and was not set aside."""
        return row(
            f"{_DUE} AND {owned_by(tenant)} AND id = %(id)s",
            {"account": tenant, "id": campaign_id, "least": _least_grace_sec()},
            into=cls,
        )

    @classmethod
    def page(cls, limit: int, tenant: Tenant, *, seen: list[int], turns: Turns) -> "list[DueCampaign]":
        """Returns campaigns whose time has come and that are not in `seen`: one of each account, then the next of each.

        An account that has had `turns` comes as many turns later. Within an account, and of those whose turn it is, the
        oldest is first, and those that were set aside before come behind those that were not. One that is set aside is
        left out until its next check, and one that came too late or has expired until a person changes or starts it.
        """
        return rows(
            f"""SELECT due.* FROM (
                  SELECT each.*, row_number() OVER (
                           PARTITION BY account_id ORDER BY next_check_at NULLS FIRST, scheduled_at, id) AS place
                  FROM ({_DUE} AND {owned_by(tenant)} AND id <> ALL(%(seen)s)) AS each) AS due
                LEFT JOIN {HAD} USING (account_id)
                ORDER BY place + coalesce(turns, 0), next_check_at NULLS FIRST, scheduled_at, id LIMIT %(limit)s""",
            {"limit": limit, "account": tenant, "seen": seen, "least": _least_grace_sec(), **turns.had()},
            into=cls,
        )


def _least_grace_sec() -> float:
    """Returns how late a campaign may always be: so long it may wait for a sweep, and for its turn in it."""
    return 2 * settings().schedule_sweep_interval_ms / 1000
