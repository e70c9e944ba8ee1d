"""`python -m tests.faults.random --seed N --cases K`: campaigns through random faults, each judged.

A case is three to eight faults of random kinds at random moments of one to three campaigns. It depends on the seed and
its number alone, so `--only NUMBER` repeats it, as far as the machine's own timing lets it be repeated. Exit status 1
when a promise was broken.
"""

import argparse
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from config.logging import start_logging
from config.settings import settings
from dispatch.campaigns.reading import read_campaign
from embedded.servers import EmbeddedServers, embedded_servers
from models.database import rows
from tests.factories import a_campaign, a_list_of, an_account, asking, customers
from tests.faults.campaigns import ENDED, judge_each, start_when_possible
from tests.faults.deployment import MOST_IN_FLIGHT, Deployment, deployed
from tests.faults.kinds import KINDS
from tests.ports import held_port
from tests.servers import server_directory
from tests.simulator import lines
from tests.waiting import wait_until

# Long enough for every timer to have done its work; a campaign that needs longer is stuck.
STUCK_AFTER_SEC = 180
# Slow enough for several faults that last seconds.
LATENCY_MS = 300
# Recipients of a campaign for faults that come when all others are over.
ANOTHER = 200
# Numbers at which the simulator never accepts a message, so that there is someone to retry.
NOT_REACHED = ("+15005550001", "+15005550003")

ALL_KINDS = tuple(sorted(KINDS))


@dataclass
class Case:
    """What was done to some campaigns, and what became of them."""

    seed: int
    number: int
    #: The kinds that its faults are drawn from.
    kinds: tuple[str, ...]
    recipients: int = 0
    campaigns: int = 0
    faults: list[str] = field(default_factory=list)
    #: Calls that the provider accepted, and what became of the messages.
    judged_sends: int = 0
    states: dict[str, int] = field(default_factory=dict)
    #: From the end of a fault to the next message sent, in seconds.
    slowest_recovery_sec: float = 0.0
    slowest_recovery_after: str | None = None
    violation: str | None = None

    @property
    def replay(self) -> str:
        """Returns the command that runs it again."""
        among = "" if self.kinds == ALL_KINDS else f" --kinds {' '.join(self.kinds)}"
        return f"python -m tests.faults.random --seed {self.seed} --only {self.number}{among}"


def run(case: Case, servers: EmbeddedServers, directory: Path) -> None:
    """Runs one case and notes its outcome."""
    chance = Random(f"{case.seed}-{case.number}")
    case.recipients = chance.randint(400, 1200)
    with deployed(servers, directory, _configure) as deployment:
        deployment.kill_simulator()
        deployment.latency_ms = LATENCY_MS
        deployment.start_simulator()
        _configure(ENQUEUE_INLINE_LIMIT=chance.choice([0, 20_000]))
        case.campaigns = chance.randint(1, 3)
        for _ in range(case.campaigns):
            _begin(chance, case.recipients // case.campaigns)
        moments = sorted(chance.uniform(0, 0.9) for _ in range(chance.randint(3, 8)))
        deployment.start()
        for number, moment in enumerate(moments):
            own_chance = Random(f"{case.seed}-{case.number}-{number}")
            name = own_chance.choice(case.kinds)
            _suffer(case, name, own_chance, deployment, servers, int(moment * case.recipients))
        wait_until(_is_over, "the campaigns complete", seconds=STUCK_AFTER_SEC)
        # Faults may have added some, and retries.
        campaigns = [read_campaign(asking(), each["id"]) for each in rows("SELECT id FROM campaign ORDER BY id")]
        found = judge_each(deployment, campaigns, unknown_at_most=MOST_IN_FLIGHT * len(case.faults))
        for promise in deployment.promises:
            promise()
        case.states = dict(found)
        case.judged_sends = len(lines(deployment.accepted))


def _begin(chance: Random, recipients: int) -> None:
    """Starts a campaign, or lets it fall due; its texts have one segment or two, each of which costs a credit."""
    segments, due = chance.randint(1, 2), chance.random() < 0.5
    template = "Hello {first_name}" + " and all of your friends" * 6 * (segments - 1)
    account = an_account(credits=segments * recipients)
    unreachable = [each for phone in NOT_REACHED for each in customers(account, 1, first_phone=phone)]
    people = [*unreachable, *customers(account, recipients - len(unreachable))]
    campaign = a_campaign(account, list_id=a_list_of(account, people), template=template, due=due)
    if not due:
        start_when_possible(campaign)


def _suffer(
    case: Case, name: str, chance: Random, deployment: Deployment, servers: EmbeddedServers, after: int
) -> None:
    """Lets a fault happen when so many messages are sent, or to another campaign if all are over by then."""
    wait_until(lambda: _sent() >= after or _is_over(), f"{after} are sent", seconds=STUCK_AFTER_SEC)
    if _is_over():
        _begin(chance, ANOTHER)
        case.campaigns += 1
    case.faults.append(name)
    KINDS[name](deployment, servers, chance)
    ended, sent = monotonic(), _sent()
    wait_until(lambda: _sent() > sent or _is_over(), f"it goes on after {name}", seconds=STUCK_AFTER_SEC)
    if (seconds := round(monotonic() - ended, 1)) > case.slowest_recovery_sec:
        case.slowest_recovery_sec, case.slowest_recovery_after = seconds, name


def _sent() -> int:
    return int(rows("SELECT coalesce(sum(sent), 0) AS sent FROM batch")[0]["sent"])


def _is_over() -> bool:
    return not rows("SELECT 1 FROM campaign WHERE status <> ALL (%s)", [list(ENDED)])


def _configure(**variables: object) -> None:
    os.environ.update({name: str(value) for name, value in variables.items()})
    settings.cache_clear()


@contextmanager
def _own_servers(directory: Path) -> Iterator[EmbeddedServers]:
    servers = embedded_servers(directory, durable=False)
    try:
        with ExitStack() as ports:
            for server in servers:
                server.port = ports.enter_context(held_port())
            yield servers
    finally:
        servers.stop()


def _report(cases: list[Case]) -> None:
    kinds = Counter(fault for case in cases for fault in case.faults)
    print(f"{len(cases)} cases, {kinds.total()} faults, {sum(case.judged_sends for case in cases):,} judged sends")
    print(", ".join(f"{name} {times}" for name, times in sorted(kinds.items())))
    slowest = max(cases, key=lambda case: case.slowest_recovery_sec)
    print(f"slowest recovery {slowest.slowest_recovery_sec} s, after {slowest.slowest_recovery_after}")
    print(f"violations: {sum(case.violation is not None for case in cases)}")


def main() -> None:
    """Prints one line of JSON for each case, and a summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.random", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--only", type=int, help="run this case alone")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=ALL_KINDS, help="draw from these")
    chosen = parser.parse_args()
    # As Ctrl-C does, it ends what the case has started: a deployment that is left would call another one's provider.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _configure(ENVIRONMENT="test", DATABASE_TIMEOUT_SEC=2, LOG_LEVEL="WARNING")
    start_logging(settings(), process="faults")
    numbers = range(chosen.cases) if chosen.only is None else [chosen.only]
    cases = [Case(chosen.seed, number, tuple(chosen.kinds)) for number in numbers]
    with server_directory() as directory, _own_servers(directory) as servers:
        for case in cases:
            logs = directory / f"case-{case.number}"
            logs.mkdir()
            try:
                run(case, servers, logs)
            except Exception as problem:
                case.violation = f"{type(problem).__name__}: {problem}"
            found = {name: value for name, value in asdict(case).items() if name != "kinds"}
            print(json.dumps(found | {"replay": case.replay}), flush=True)
    _report(cases)
    raise SystemExit(any(case.violation for case in cases))


if __name__ == "__main__":
    main()
