"""What RQ itself costs per job: a fork for each against one process for all. `python -m benchmarks.rq_workers`.

A job does nothing, or runs one query, as every job of ours does at least.
"""

import logging
import tempfile
from pathlib import Path
from time import monotonic

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

import jobs.worker  # noqa: F401  (a fork copies what a real worker holds in memory)
from embedded.servers import embedded_servers
from models.database import db, open_database, rows

JOBS = 200


def nothing() -> None:
    """A job without work."""


def one_question() -> None:
    """A job that runs one query; a fork must first replace its parent's connection by its own."""
    with db.connection_context():
        rows("SELECT 1")


def one_question_in_a_fork() -> None:
    """The same, for a connection that came from another process."""
    db.dispose()
    one_question()


def main() -> None:
    """Prints milliseconds per job."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o711)
        servers = embedded_servers(directory)
        servers.start()
        try:
            assert servers.redis
            assert servers.postgres
            open_database(servers.postgres.url, application="benchmark")
            queue = Queue("noop", connection=Redis.from_url(servers.redis.url), serializer=JSONSerializer)
            for worker, job in (
                (Worker, nothing),
                (SimpleWorker, nothing),
                (Worker, one_question_in_a_fork),
                (SimpleWorker, one_question),
            ):
                print(f"{worker.__name__:12} {job.__name__:24} {_milliseconds(queue, worker, job):5.1f} ms/job")
            db.close_all()
        finally:
            servers.stop()


def _milliseconds(queue: Queue, worker: type, job: object) -> float:
    for _ in range(JOBS):
        queue.enqueue(f"benchmarks.rq_workers.{job.__name__}", result_ttl=0)  # type: ignore[attr-defined]
    started = monotonic()
    worker([queue], connection=queue.connection, serializer=JSONSerializer).work(burst=True)
    return (monotonic() - started) / JOBS * 1000


if __name__ == "__main__":
    main()
