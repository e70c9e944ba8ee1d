"""The campaign through Celery: `celery -A benchmarks.peers.celery_app worker`; `python -m …` pushes the jobs."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from benchmarks.peers import work

app = Celery("peer", broker=os.environ["PEER_REDIS_URL"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True)


@app.task(name="send_batch")
def send_batch(first: int, last: int) -> None:
    """Sends one batch."""
    work.send_batch(first, last)


@worker_ready.connect
def _ready(**_: Any) -> None:
    work.ready()


def main() -> None:
    """Pushes a job for each batch."""
    for batches in work.written_batches():
        for first, last in batches:
            send_batch.delay(first, last)


if __name__ == "__main__":
    main()
