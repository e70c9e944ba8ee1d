"""Web is killed or frozen in the middle of a start, and the request is sent again under its Idempotency-Key."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from threading import Thread

import psutil

from config.settings import settings
from embedded.servers import EmbeddedServers
from models.database import rows
from tests.factories import a_campaign, a_key, an_account
from tests.faults.deployment import Deployment
from tests.faults.freezing import thaw
from tests.faults.kinds.registry import kind, last
from tests.faults.outages import table_locked
from tests.waiting import wait_until
from tests.web import Web, running_web

# Where a start waits when the table is locked so: before its claim, at its claim, and when its answer is kept.
_STEPS = [("customer_import", "ACCESS EXCLUSIVE"), ("campaign", "SHARE"), ("idempotency_key", "SHARE")]
# The same when it is prepared within the request: its messages and its hold are written.
_STEPS_WITHIN = [*_STEPS, ("message", "SHARE"), ("credit_entry", "SHARE")]


@dataclass(frozen=True)
class Start:
    """The request that starts a campaign; the same one each time that it is made."""

    campaign_id: int
    key: str

    def ask(self, web: Web) -> int | None:
        """Returns the status of the answer; None without one."""
        path, headers = f"/api/campaigns/{self.campaign_id}/enqueue", {"Idempotency-Key": f"start {self.campaign_id}"}
        try:
            return web.ask("POST", path, key=self.key, headers=headers).status
        except OSError:
            return None

    def was_made_once(self) -> None:
        """Fails unless the campaign was paid for once."""
        [found] = rows(
            "SELECT count(*) AS n FROM credit_entry WHERE campaign_id = %s AND kind = 'hold'", [self.campaign_id]
        )
        assert found["n"] == 1, f"campaign {self.campaign_id} was started {found['n']} times"


@kind
def kill_web_during_a_start(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    _interrupt(deployment, chance, lambda web: web.process.end(), lambda web: None)


@kind
def freeze_web_during_a_start(deployment: Deployment, servers: EmbeddedServers, chance: Random) -> None:
    frozen: list[int] = []

    def freeze(web: Web) -> None:
        frozen.extend([web.process.pid, *web.process.children()])
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)

    def wake(web: Web) -> None:
        last(chance.uniform(0, 4))
        for pid in frozen:
            if psutil.pid_exists(pid):
                thaw(pid)

    _interrupt(deployment, chance, freeze, wake)


def _interrupt(
    deployment: Deployment, chance: Random, interrupt: Callable[[Web], None], end: Callable[[Web], None]
) -> None:
    account = an_account(credits=20)
    asked = Start(a_campaign(account, recipients=20).id, a_key(account))
    deployment.promises.append(asked.was_made_once)
    table, mode = chance.choice(_STEPS_WITHIN if settings().enqueue_inline_limit else _STEPS)
    places = [deployment.directory / f"web-{asked.campaign_id}-{number}" for number in (1, 2)]
    for place in places:
        place.mkdir()
    with running_web(places[0]) as first, running_web(places[1]) as second:
        with table_locked(table, mode=mode):
            request = Thread(target=asked.ask, args=[first], daemon=True)
            request.start()
            wait_until(lambda: _web_waits() or not request.is_alive(), f"web waits for {table}")
            interrupt(first)
        # While the first one is frozen it may be refused, but not started another time.
        asked.ask(second)
        end(first)
        wait_until(lambda: asked.ask(second) == 202, "the repeated request gets its answer")


def _web_waits() -> bool:
    return bool(
        rows(
            """SELECT 1 FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND application_name = 'campaign-dispatch web'"""
        )
    )
