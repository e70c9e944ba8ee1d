"""What a tick costs when 100 of 100,000 schedules are due: `python -m benchmarks.schedules`."""

import logging
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

import structlog

from dispatch.accounts.accounts import create_account
from dispatch.caller import system_caller
from embedded.home import SHARED
from embedded.servers import embedded_servers
from models.database import db, open_database, rows
from models.migrate import migrate
from models.turns import Turns
from scheduling.registry import register
from scheduling.tick import record_due, tick

SCHEDULES, DUE, ROUNDS = 100_000, 100, 9

_FILL = """
INSERT INTO schedule (account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec, metadata,
                      created_by, next_run_at)
SELECT %s, 'nothing', '{}', '0 9 * * *', 'Europe/Athens', 'run_once', 300, '{}', 'benchmark', now() + interval '1 day'
FROM generate_series(1, %s)
"""
_MAKE_DUE = """
UPDATE schedule SET next_run_at = date_trunc('second', clock_timestamp()) WHERE id IN (SELECT id FROM schedule LIMIT %s)
"""


def main() -> None:
    """Prints milliseconds: to record the runs that are due, and to perform them with a handler that does nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    # Not /tmp, which is often memory, where a durable commit costs nothing.
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-benchmark-", dir=SHARED) as name:
        directory = Path(name)
        directory.chmod(0o711)
        servers = embedded_servers(directory, redis=False)
        servers.start()
        try:
            assert servers.postgres
            open_database(servers.postgres.url, application="benchmark")
            migrate()
            with db.connection_context():
                _measure()
            db.close_all()
        finally:
            servers.stop()


def _measure() -> None:
    register("nothing", lambda job: None)
    rows(_FILL, [create_account(system_caller(), "benchmark").id, SCHEDULES])
    rows("ANALYZE schedule")
    recording, performing = [], []
    for _ in range(ROUNDS):
        rows(_MAKE_DUE, [DUE])
        started = monotonic()
        recorded = record_due(["nothing"], Turns())
        recording.append(monotonic() - started)
        assert recorded == DUE, f"{recorded} were due instead of {DUE}"
        started = monotonic()
        tick()
        performing.append(monotonic() - started)
    print(f"{SCHEDULES} schedules, {DUE} due, median of {ROUNDS} rounds")
    print(f"record   {median(recording) * 1000:6.1f} ms")
    print(f"perform  {median(performing) * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
