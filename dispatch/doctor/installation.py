"""What the installation lacks: processes, a right clock and schema, room on disk, a Redis that keeps jobs, keys."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from config.settings import settings
from dispatch.counting import counted
from dispatch.doctor.callbacks import callbacks_refused
from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.facts import Facts
from dispatch.doctor.keys import expiring_keys
from dispatch.doctor.redis_state import RedisState
from dispatch.doctor.sealed import secrets_unreadable
from dispatch.doctor.webhooks import webhooks_off
from dispatch.doctor.words import for_about, listed
from dispatch.process.schema import MIGRATE
from dispatch.queues import JOBS
from dispatch.sending.kept_answers import SET_ASIDE
from models.database import database_now
from models.migrate import SchemaGap, schema_gap

# Web, workers and the database show and judge times; a few seconds would be seen.
CLOCK_SEC = 5
# Long enough for a job to have had its turn behind others.
QUEUE_SEC = 180
REDIS_FULL = 0.9
_MIB = 1024 * 1024


def about_schema(gap: SchemaGap) -> list[Reason]:
    """Returns how the schema differs from this release's."""
    if gap.pending:
        text = f"The database lacks {len(gap.pending)} migrations, from {gap.pending[0]} on. Run {MIGRATE}."
        return [of_installation("schema_older", text)]
    if gap.unknown:
        text = f"The database was migrated by a newer release ({gap.unknown[-1]}). Run that release here too."
        return [of_installation("schema_newer", text)]
    return []


def about_installation(facts: Facts) -> list[Reason]:
    """Returns everything that is not as it should be, with what to do about it."""
    return [
        *_processes(facts),
        *_queues(facts),
        *about_schema(schema_gap()),
        *_clock(),
        *about_redis(facts.redis),
        *about_disks(),
        *expiring_keys(),
        *secrets_unreadable(),
        *webhooks_off(),
        *callbacks_refused(),
        *_circuits(facts),
    ]


def about_disks() -> list[Reason]:
    """Returns which disks of this machine are nearly full: of DATA_DIR (or this directory) and of temporary files."""
    least, found = settings().disk_free_mib, []
    directory = settings().data_dir if settings().data_dir.exists() else Path()
    for name, path in (("data", directory), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(path).free // _MIB
        if free < least:
            text = (
                f"The disk of {path.resolve()} ({name}) has {free} MiB left, less than DISK_FREE_MIB ({least}). Make "
                "room; a database that cannot write stops everything."
            )
            found.append(of_installation("disk", text))
    return found


def about_redis(state: RedisState) -> list[Reason]:
    """Returns why Redis cannot be used, or could lose jobs."""
    if state.problem:
        text = f"{state.problem} Jobs wait until it is back, and nothing is lost; see REDIS_URL."
        return [of_installation("redis_away", text)]
    found = []
    if state.is_replica:
        text = "The Redis in REDIS_URL is a replica and takes no jobs. Name the primary."
        found.append(of_installation("redis_read_only", text))
    if state.evicts:
        text = (
            f"Redis deletes keys when its memory is short (maxmemory-policy {state.evicts}), and jobs with them. Set "
            "maxmemory-policy to noeviction."
        )
        found.append(of_installation("redis_evicts", text))
    if state.used is not None and state.used >= REDIS_FULL:
        text = f"Redis has used {state.used:.0%} of its maxmemory. Raise it, or empty what others keep there."
        found.append(of_installation("redis_full", text))
    if state.set_aside:
        text = (
            f"PostgreSQL refused answers that an ended worker had kept: {state.set_aside} entries of {SET_ASIDE} in "
            "Redis. Their messages are `unknown`; see `answers.not_recorded` in the logs, and docs/doctor.md for how "
            "to have them recorded."
        )
        found.append(of_installation("answers_set_aside", text))
    if state.persistent is False:
        text = (
            "Redis keeps nothing on disk, so a restart loses the queues; lost jobs are pushed again within seconds. "
            "Set appendonly to yes if that is too slow."
        )
        found.append(of_installation("redis_forgets", text))
    return found


def _processes(facts: Facts) -> list[Reason]:
    missing = sorted({queue for queue in JOBS.values() if not facts.serves(queue)})
    start = "Start `python -m jobs`, or look at its logs."
    found = [of_installation("no_worker", f"No worker serves the queue {queue}. {start}") for queue in missing]
    if not facts.sweepers:
        text = f"No sweeper runs: nothing starts at its time, and lost work is not continued. {start}"
        found.append(of_installation("no_sweeper", text))
    return found


def _queues(facts: Facts) -> list[Reason]:
    found, now = [], datetime.now(UTC)
    for name, state in sorted(facts.redis.queues.items()):
        waited = (now - state.oldest_at).total_seconds() if state.oldest_at else 0
        if waited > QUEUE_SEC and facts.serves(name):
            text = (
                f"The queue {name} has {counted(state.jobs, 'job')}, and the first has waited for "
                f"{for_about(waited)}. Run more workers (SEND_WORKERS, or another `python -m jobs`), or "
                "look at the logs of those there are."
            )
            found.append(of_installation("queue_grows", text))
    return found


def _circuits(facts: Facts) -> list[Reason]:
    if not facts.circuits:
        return []
    named = listed([f"{name} ({label})" for label, name in facts.circuits.items()])
    text = (
        f"Workers leave providers alone that failed again and again: {named}. One message "
        "is tried every few seconds, if there is one. Ask the provider, or put another one on the routes (`route set`)."
    )
    return [of_installation("circuit", text)]


def _clock() -> list[Reason]:
    off = (datetime.now(UTC) - database_now()).total_seconds()
    if abs(off) <= CLOCK_SEC:
        return []
    side = "ahead of" if off > 0 else "behind"
    text = (
        f"The clock of this machine is {for_about(abs(off))} {side} the database's, by which "
        "campaigns start and end. Synchronise both (NTP)."
    )
    return [of_installation("clock", text)]
