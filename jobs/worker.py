"""One worker process: `python -m jobs.worker QUEUE`."""

import argparse
import secrets
import signal
from contextlib import suppress
from types import FrameType

import redis
import structlog
from rq.exceptions import StopRequested

from config.redis import why_unusable, working
from config.settings import Settings
from config.stopping import stop_on_signals, stop_with, stopping
from dispatch.process.heartbeat import HeartbeatThread
from dispatch.process.startup import start_process
from dispatch.process.trusted_queue import mend_keys
from dispatch.queues import JOBS, SEND
from jobs.from_rows import work_from_rows
from jobs.queue_worker import QueueWorker
from jobs.send import close_courier, stop_sending

log = structlog.get_logger()


class WorkerProcess:
    """Works on one queue until it is asked to stop, whatever happens to Redis."""

    def __init__(self, queue: str, name: str, settings: Settings) -> None:
        self._queue = queue
        self._name = name
        self._settings = settings
        self._worker: QueueWorker | None = None

    def run(self) -> None:
        """Returns when the process has been asked to stop and the running job has finished."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        with suppress(StopRequested):  # raised by the signal handler wherever an idle worker happens to be
            while True:
                self._work()
                work_from_rows(self._queue)
                if stopping().wait(1):
                    return

    def _work(self) -> None:
        """Does the queue's jobs until Redis is lost or the process is asked to stop."""
        try:
            # A new name each time: RQ refuses the name of a worker that could not sign off, such as one that was killed
            # in a container, whose successor there has its host name and its pid.
            connection = working(self._settings)
            mend_keys(connection, self._queue)
            name = f"{self._name}-{secrets.token_hex(4)}"
            self._worker = QueueWorker(self._queue, name=name, connection=connection)
            if not stopping().asked:
                self._worker.work(logging_level=None)
            if self._worker.lost:
                raise self._worker.lost
        except redis.RedisError as problem:
            log.warning("worker.lost_redis", problem=why_unusable(problem) or type(problem).__name__)
        finally:
            self._worker = None

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        stopping().ask()
        stop_sending()
        if self._worker:
            self._worker.request_stop(signum, frame)


def main() -> None:
    """Runs the worker of the queue named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m jobs.worker", description=__doc__)
    parser.add_argument("queue", choices=sorted(set(JOBS.values())))
    parser.add_argument("--lifeline", type=int, help="a pipe that ends when the process that started this one is gone")
    chosen = parser.parse_args()
    settings = start_process(f"worker-{chosen.queue}", plan_once=chosen.queue == SEND)
    # Before the heartbeat begins, which only a clean stop ends.
    stop_on_signals()
    stop_with(chosen.lifeline, grace_sec=settings.stop_grace_sec)
    with HeartbeatThread("worker", chosen.queue) as heartbeat:
        log.info("worker.started", queue=chosen.queue)
        WorkerProcess(chosen.queue, heartbeat.name, settings).run()
        close_courier()
    log.info("worker.stopped", queue=chosen.queue)


if __name__ == "__main__":
    main()
