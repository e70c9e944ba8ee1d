"""What is looked at once for all campaigns: heartbeats, queues, Redis, and which starts are going on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from dispatch import queues
from dispatch.doctor.redis_state import RedisState, redis_state
from dispatch.process.lock import locked_campaigns
from models.campaigns.condition import Condition, Wait, paces, waits
from models.heartbeat import Heartbeat
from models.providers.provider import Provider


@dataclass(frozen=True, slots=True)
class Facts:
    """What the reasons are made of."""

    #: Live workers by the queue that they serve.
    workers: dict[str, int]
    sweepers: int
    redis: RedisState
    #: Campaigns whose start is locked, waits in the queue of preparations, or is going on there.
    locked: set[int]
    waiting_starts: set[int]
    #: By campaign: for what it waits, and how many messages a second it sends.
    waits: dict[int, Wait]
    paces: dict[int, float]
    #: The names of the providers that all workers leave alone, by how messages name them; None while Redis is away.
    circuits: dict[str, str] | None

    def serves(self, queue: str) -> bool:
        """Returns whether a live worker serves the queue."""
        return self.workers.get(queue, 0) > 0


def facts_about(campaigns: Sequence[Condition]) -> Facts:
    """Looks at everything that the reasons of these campaigns need, with a fixed number of statements."""
    living = Heartbeat.living()
    state = redis_state()
    locked, waiting = _starts(campaigns) if state.problem is None else (set(), set())
    sending = [each for each in campaigns if each.status == "sending"]
    return Facts(
        workers=dict(Counter(beat.queue for beat in living if beat.kind == "worker" and beat.queue)),
        sweepers=sum(beat.kind == "sweeper" for beat in living),
        redis=state,
        locked=locked,
        waiting_starts=waiting,
        waits=waits([each.id for each in sending if each.all_wait]),
        paces=paces([each.id for each in sending if not each.all_wait]),
        circuits=Provider.names_of(state.open_circuits) if state.problem is None else None,
    )


def _starts(campaigns: Sequence[Condition]) -> tuple[set[int], set[int]]:
    due = [each.id for each in campaigns if each.status == "scheduled" and each.due]
    preparing = any(each.status == "preparing" for each in campaigns)
    try:
        locked = set(locked_campaigns(queues.connection(), due)) if due else set()
        return locked, queues.queued_starts() if due or preparing else set()
    except redis.RedisError:
        return set(), set()
