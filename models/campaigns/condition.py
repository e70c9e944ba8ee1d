"""Campaigns that have something left to do, with what decides whether they move: only reads, for `dispatch/doctor`.

The number of statements does not depend on how many campaigns there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import rows
from models.tenancy import Tenant, owned_by

# A refused start, or a follow-up that failed, is news for this long.
NEWS_FOR = "interval '7 days'"
# A campaign's pace is that of these last seconds, in as many of its batches as were worked on last.
PACE_SEC, PACE_BATCHES = 10, 20

# Each arm has a partial index of its own, so what has ended is never read.
_OPEN = f"""
    SELECT id FROM campaign WHERE status = 'scheduled' AND {{owned}}
    UNION ALL SELECT id FROM campaign WHERE status IN ('preparing', 'sending', 'paused') AND {{owned}}
    UNION ALL SELECT id FROM campaign WHERE status IN ('completed', 'cancelled') AND settled_at IS NULL AND {{owned}}
    UNION ALL SELECT id FROM campaign WHERE status = 'recurring' AND {{owned}}
    UNION ALL SELECT id FROM campaign WHERE status = 'failed' AND ended_at > now() - {NEWS_FOR} AND {{owned}}
    UNION ALL SELECT id FROM campaign WHERE status = 'draft' AND blocked_reason IS NOT NULL
                                        AND updated_at > now() - {NEWS_FOR} AND {{owned}}
    UNION ALL SELECT h.campaign_id FROM held_back h
              WHERE h.child_id IS NULL AND (h.decide_at IS NOT NULL OR h.since > now() - {NEWS_FOR}) AND {{owned}}
                AND EXISTS (SELECT FROM campaign c WHERE c.id = h.campaign_id AND c.settled_at IS NOT NULL)"""

# Who paused it is told by the last event; a recurring campaign is paused through its schedule, which has another.
_CONDITIONS = """
SELECT c.id, c.name, c.status, coalesce(c.timezone, a.zone) AS zone, c.audience_kind, now() AS now,
       c.scheduled_at, c.expires_at, c.started_at, c.updated_at, c.blocked_reason, c.next_check_at, c.paused_from,
       c.reason, c.recipients, c.prep_touched_at, c.prep_takeovers,
       s.status AS schedule_status, s.next_run_at, s.reason AS schedule_reason,
       f.error AS fetch_error, c.settled_at IS NOT NULL AS settled,
       h.since AS held_since, h.decide_at, h.blocked_reason AS held_blocked_reason,
       h.next_check_at AS held_next_check_at,
       (SELECT withheld FROM variant_decision d WHERE d.campaign_id = h.campaign_id
        ORDER BY id DESC LIMIT 1) AS withheld,
       pause.action = 'campaign.paused' AS paused_by_hand, pause.actor AS paused_by, pause.at AS paused_at,
       (SELECT coalesce(nullif(k.name, ''), k.prefix) FROM api_key k WHERE k.id = key_of(pause.actor)) AS paused_with,
       coalesce(b.total, 0) AS total, coalesce(b.pending, 0) AS pending, coalesce(b.in_flight, 0) AS in_flight,
       coalesce(b.accepted, 0) AS accepted, coalesce(b.unknown, 0) AS unknown,
       coalesce(b.all_wait, false) AS all_wait, b.touched_at, b.next_due_at, b.last_due_at
FROM ({open}) AS open JOIN campaign c USING (id) JOIN account a ON a.id = c.account_id
LEFT JOIN schedule s ON s.id = c.schedule_id AND 'recurring' IN (c.status, c.paused_from)
LEFT JOIN remote_fetch f ON f.campaign_id = c.id
LEFT JOIN held_back h ON h.campaign_id = c.id AND h.child_id IS NULL
LEFT JOIN LATERAL (
    SELECT action, actor, at FROM (
        -- OFFSET 0 keeps the planner from reading the account's whole trail backwards.
        SELECT id, action, actor, at FROM audit_event
        WHERE c.status = 'paused' AND account_id = c.account_id
          AND ((subject = c.id::text AND action IN ('campaign.paused', 'campaign.resumed')
                AND actor IS DISTINCT FROM 'schedule:' || s.id)
               OR (subject = s.id::text AND action IN ('schedule.paused', 'schedule.resumed'))) OFFSET 0) AS pauses
    ORDER BY id DESC LIMIT 1) AS pause ON true
LEFT JOIN LATERAL (
    SELECT sum(size)::bigint AS total, sum(pending)::bigint AS pending, sum(sending)::bigint AS in_flight,
           sum(sent + delivered + read + undelivered)::bigint AS accepted, sum(unknown)::bigint AS unknown,
           bool_and(coalesce(next_due_at > now(), false)) FILTER (WHERE pending > 0) AS all_wait,
           max(touched_at) AS touched_at,
           min(next_due_at) FILTER (WHERE pending > 0) AS next_due_at,
           max(next_due_at) FILTER (WHERE pending > 0) AS last_due_at
    FROM batch WHERE campaign_id = c.id) AS b ON true
ORDER BY c.status = 'scheduled' AND c.scheduled_at > now(), c.status IN ('recurring', 'completed', 'cancelled'), c.id
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A campaign that is not settled, as one statement found it."""

    id: int
    name: str
    status: str
    #: Of the times that its people read.
    zone: str
    audience_kind: str | None
    #: The database's time, by which everything else here is judged.
    now: datetime
    scheduled_at: datetime | None
    expires_at: datetime | None
    started_at: datetime | None
    updated_at: datetime
    blocked_reason: str | None
    next_check_at: datetime | None
    paused_from: str | None
    reason: str | None
    #: Those that are written so far, while it is being prepared.
    recipients: int
    prep_touched_at: datetime | None
    prep_takeovers: int
    #: Of the schedule of a recurring campaign: its state, when it is due and why it failed.
    schedule_status: str | None
    next_run_at: datetime | None
    schedule_reason: str | None
    #: What user-service answered last, if the audience is remote and it failed.
    fetch_error: str | None
    #: Whether nothing of it is open but the people whom it held back.
    settled: bool
    #: Since when these wait for one of its texts, when its rule decides, and why what it chose could not be sent yet.
    held_since: datetime | None
    decide_at: datetime | None
    held_blocked_reason: str | None
    held_next_check_at: datetime | None
    #: Why they were sent nothing: too_early, too_late or expired by its rule, or stopped by a person.
    withheld: str | None
    #: Whether the last of its pauses and resumptions that someone made was a pause; None if there is none.
    paused_by_hand: bool | None
    #: An actor, and the name of the API key if it is one.
    paused_by: str | None
    paused_at: datetime | None
    paused_with: str | None
    total: int
    pending: int
    in_flight: int
    #: Those that the provider accepted, whatever became of them since.
    accepted: int
    unknown: int
    #: Whether none of its pending messages may be sent now.
    all_wait: bool
    #: When a worker last claimed or recorded.
    touched_at: datetime | None
    #: When the first, and when the last, of the batches that wait is due.
    next_due_at: datetime | None
    last_due_at: datetime | None

    @property
    def due(self) -> bool:
        """Returns whether its time has come."""
        return self.scheduled_at is not None and self.scheduled_at <= self.now

    def seconds_since(self, time: datetime | None) -> float:
        """Returns how long ago this was, in seconds; infinite if it never was."""
        return (self.now - time).total_seconds() if time else float("inf")


@dataclass(frozen=True, slots=True)
class Wait:
    """The first message for which a campaign waits."""

    campaign_id: int
    attempts: int
    deferrals: int
    #: What the provider answered last; None if it was not called yet.
    error_code: str | None
    #: Whether only its batch waits, for the rate of the sender.
    may_be_sent: bool
    #: The providers on its route, as messages name them; [] if it has none and uses the installation's.
    providers: list[str]


def conditions(tenant: Tenant, *, limit: int) -> list[Condition]:
    """Returns the tenant's campaigns that are not settled, those that should move now first."""
    sql = _CONDITIONS.format(open=_OPEN.format(owned=owned_by(tenant)))
    return rows(sql, {"account": tenant, "limit": limit}, into=Condition)


def waits(campaign_ids: Sequence[int]) -> dict[int, Wait]:
    """Returns, by campaign, a message of its next due batch that waits; it says what the campaign waits for."""
    if not campaign_ids:
        return {}
    found = rows(
        """SELECT next.campaign_id, m.attempts, m.deferrals, m.error_code, m.may_be_sent,
                  ARRAY(SELECT p.kind || ':' || p.id FROM campaign c
                        JOIN route r ON r.account_id = c.account_id AND r.channel = c.channel
                        JOIN provider p ON p.id = r.provider_id
                        WHERE c.id = next.campaign_id ORDER BY r.position) AS providers
           FROM (SELECT DISTINCT ON (campaign_id) campaign_id, first_n, size, in_flight FROM batch
                 WHERE campaign_id = ANY(%s) AND pending > 0 ORDER BY campaign_id, next_due_at) AS next
           CROSS JOIN LATERAL (
               SELECT attempts, deferrals, error_code, coalesce(not_before <= now(), true) AS may_be_sent FROM message
               WHERE campaign_id = next.campaign_id AND n >= next.first_n AND n < next.first_n + next.size
                 AND state = 'pending' AND n <> ALL (next.in_flight) ORDER BY not_before NULLS FIRST LIMIT 1) AS m""",
        [list(campaign_ids)],
        into=Wait,
    )
    return {wait.campaign_id: wait for wait in found}


def paces(campaign_ids: Sequence[int]) -> dict[int, float]:
    """Returns how many messages a second the provider has accepted lately of each campaign; 0 is left out.

    It reads the batches that were worked on in these seconds, which are as many as workers can work on.
    """
    if not campaign_ids:
        return {}
    found = rows(
        """WITH live AS MATERIALIZED (
               SELECT *, row_number() OVER newest AS place, count(*) OVER (PARTITION BY campaign_id) AS batches
               FROM batch WHERE campaign_id = ANY(%(ids)s) AND touched_at > now() - make_interval(secs => %(pace)s)
               WINDOW newest AS (PARTITION BY campaign_id ORDER BY touched_at DESC))
           SELECT live.campaign_id,
                  count(*) * max(batches)::float8 / least(max(batches), %(batches)s)
                  / greatest(1, least(%(pace)s, extract(epoch FROM now() - max(c.started_at)))) AS per_second
           FROM live JOIN campaign c ON c.id = live.campaign_id CROSS JOIN LATERAL (
               SELECT FROM message m
               WHERE m.campaign_id = live.campaign_id AND m.n >= live.first_n AND m.n < live.first_n + live.size
                 AND m.sent_at > now() - make_interval(secs => %(pace)s) OFFSET 0) AS sent
           WHERE place <= %(batches)s GROUP BY live.campaign_id""",
        {"ids": list(campaign_ids), "pace": PACE_SEC, "batches": PACE_BATCHES},
    )
    return {each["campaign_id"]: float(each["per_second"]) for each in found}
