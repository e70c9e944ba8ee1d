"""RQ jobs, the workers that run them, and the supervisor that keeps the workers running."""

import config  # noqa: F401 - first, since it makes the imports that follow cheaper
