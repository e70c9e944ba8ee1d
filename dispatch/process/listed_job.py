"""A signed job is run only if it names a function of `dispatch/queues.py`.

Otherwise whoever learns the key could make RQ call any function, or post to any URL.
"""

from collections.abc import Callable
from typing import Any

import structlog

from dispatch.queues import JOBS
from dispatch.signing import SignedJob

log = structlog.get_logger()


class UnlistedJob(Exception):
    """The job names a function that is not ours; it was not run."""


class ListedJob(SignedJob):
    """A job that runs only if its function is listed, without callbacks."""

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
