"""A job read from Redis is trusted only as JSON that names a function of `dispatch/queues.py`.

Otherwise anyone who can write to Redis could make RQ call any function, even as a callback, or post to any URL.
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
    """The job names a function that is not ours; it was not run."""


class ListedJob(Job):
    """A job that runs only if its function is listed, without callbacks."""

    # RQ would import callbacks by a name read from Redis, and we have none.
    success_callback = None
    failure_callback = None
    stopped_callback = None

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: Any = None) -> None:
        # rq-scheduler passes no serializer, and the default is pickle.
        super().__init__(id, connection, JSONSerializer)

    @classmethod
    def create(cls, *arguments: Any, **options: Any) -> "ListedJob":
        """Returns a new job; like all of ours it is JSON."""
        return super().create(*arguments, **options | {"serializer": JSONSerializer})  # type: ignore[return-value]

    @property
    def listed(self) -> bool:
        """Returns whether the function is one of ours."""
        return self.func_name in JOBS and not self.instance

    @property
    def func(self) -> Callable[..., Any] | None:
        """Returns the function to run; raises UnlistedJob if it is not one of ours."""
        if not self.listed:
            log.error("job.refused", job_id=self.id, function=self.func_name)
            raise UnlistedJob(self.func_name)
        function: Callable[..., Any] | None = super().func
        return function

    def send_webhooks(self, *arguments: Any, **options: Any) -> None:
        """Sends none: we register no webhooks, so those found in Redis are not ours."""
