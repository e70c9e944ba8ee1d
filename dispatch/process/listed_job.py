"""A job read from Redis, as far as it is trusted: JSON, and only the functions of `dispatch/queues.py`.

Whoever can write to Redis could otherwise have RQ import and call any function, or its callbacks, or post to any URL.
"""

from collections.abc import Callable
from typing import Any

import structlog
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from dispatch.queues import JOBS

log = structlog.get_logger()


class UnlistedJob(Exception):
    """The job names a function that is not one of ours; it was not run."""


class ListedJob(Job):
    """A job that runs only if it is one of ours, and then nothing but it."""

    # They import a function by a name read from Redis, and we have none.
    success_callback = None
    failure_callback = None
    stopped_callback = None

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: Any = None) -> None:
        # rq-scheduler names no serializer, and the default is pickle.
        super().__init__(id, connection, JSONSerializer)

    @classmethod
    def create(cls, *arguments: Any, **options: Any) -> "ListedJob":
        """A new job; like every other it is JSON."""
        return super().create(*arguments, **options | {"serializer": JSONSerializer})  # type: ignore[return-value]

    @property
    def listed(self) -> bool:
        """Whether this is one of our jobs."""
        return self.func_name in JOBS and not self.instance

    @property
    def func(self) -> Callable[..., Any] | None:
        """The function to run."""
        if not self.listed:
            log.error("job.refused", job_id=self.id, function=self.func_name)
            raise UnlistedJob(self.func_name)
        return super().func

    def send_webhooks(self, *arguments: Any, **options: Any) -> None:
        """Nothing: we have none, so one found in Redis is somebody else's."""
