"""What the tables say of the whole deployment, for its metrics: by statements that unfinished work bounds."""

from dataclasses import dataclass

from models.campaigns.blocking import IS_SWEPT
from models.campaigns.sending import IS_UNSETTLED
from models.database import one, rows
from models.heartbeat import FRESH_SEC
from models.states import MESSAGE_STATES

# More receipts than this are not counted.
MOST_RECEIPTS = 10_000

# Of batches, which keep the counts: a thousandth of the messages.
_OPEN_MESSAGES = f"""
SELECT {", ".join(f"coalesce(sum(b.{state}), 0)::bigint AS {state}" for state in MESSAGE_STATES)}
FROM (SELECT id FROM campaign WHERE {IS_UNSETTLED}) AS c JOIN batch b ON b.campaign_id = c.id
"""
_OVERDUE_LEASES = f"""
SELECT coalesce(sum(cardinality(b.in_flight)), 0)::bigint AS messages
FROM (SELECT id FROM campaign WHERE {IS_UNSETTLED}) AS c JOIN batch b ON b.campaign_id = c.id
WHERE b.lease_until < now()
"""
_OPEN_CAMPAIGNS = f"SELECT status, count(*) AS campaigns FROM campaign WHERE {IS_UNSETTLED} GROUP BY status"
_DUE = f"""
SELECT count(*) FILTER (WHERE waits) AS campaigns, count(*) FILTER (WHERE NOT waits) AS set_aside,
       coalesce(extract(epoch FROM now() - min(scheduled_at) FILTER (WHERE waits)), 0)::float AS oldest_sec
FROM (SELECT scheduled_at, (next_check_at IS NULL OR next_check_at <= now())
                           AND {IS_SWEPT} AS waits
      FROM campaign WHERE status = 'scheduled' AND scheduled_at <= now()) AS due
"""
_RECEIPTS = """
SELECT count(*) AS receipts, coalesce(extract(epoch FROM now() - min(due_at)), 0)::float AS oldest_sec
FROM (SELECT due_at FROM receipt WHERE due_at <= now() ORDER BY due_at LIMIT %s) AS waiting
"""
_PROCESSES = """
SELECT kind, coalesce(queue, '') AS queue, count(*) AS living FROM heartbeat
WHERE beat_at > now() - make_interval(secs => %s) GROUP BY kind, queue
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Campaigns whose time has come."""

    #: Those that the next sweep starts.
    campaigns: int
    #: Those that could not start, and wait for their next check or for a person.
    set_aside: int
    #: How long ago the time of the first that waits was; 0 if none waits.
    oldest_sec: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReceipts:
    """Receipts that are stored and not applied, MOST_RECEIPTS at most."""

    receipts: int
    #: How long ago the first of them was to be looked at; 0 if none waits.
    oldest_sec: float


def open_messages() -> dict[str, int]:
    """Counts the messages of campaigns that are not settled, by state."""
    return {state: int(times) for state, times in one(_OPEN_MESSAGES).items()}


def overdue_leases() -> int:
    """Returns how many messages are in flight whose lease has ended, and that recovery has not looked at yet."""
    return int(one(_OVERDUE_LEASES)["messages"])


def open_campaigns() -> dict[str, int]:
    """Counts campaigns that are not settled, by status."""
    return {each["status"]: each["campaigns"] for each in rows(_OPEN_CAMPAIGNS)}


def due() -> Due:
    """Returns how many campaigns are due."""
    return one(_DUE, into=Due)


def waiting_receipts() -> WaitingReceipts:
    """Returns how many receipts wait to be applied."""
    return one(_RECEIPTS, [MOST_RECEIPTS], into=WaitingReceipts)


def credits_held() -> int:
    """Returns the credits that are set aside for campaigns, of all accounts."""
    return int(one("SELECT coalesce(sum(credits_held), 0)::bigint AS held FROM account")["held"])


def living() -> dict[tuple[str, str], int]:
    """Counts living processes by kind and queue; a sweeper has none."""
    return {(each["kind"], each["queue"]): each["living"] for each in rows(_PROCESSES, [FRESH_SEC])}
