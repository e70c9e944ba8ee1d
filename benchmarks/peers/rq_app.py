"""The campaign through RQ: `python -m benchmarks.peers.rq_app produce` or `work`."""

import sys

from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from benchmarks.peers import work


def main() -> None:
    """Pushes a job for each batch, or works until it is stopped."""
    queue = Queue("peer", connection=work.queue_server(), serializer=JSONSerializer)
    if sys.argv[1] == "produce":
        for batches in work.written_batches():
            queue.enqueue_many(
                [Queue.prepare_data("benchmarks.peers.work.send_batch", batch, result_ttl=0) for batch in batches]
            )
        return
    # One process for all jobs: a fork for each takes several milliseconds.
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    work.ready()
    worker.work(logging_level="ERROR")


if __name__ == "__main__":
    main()
