"""gunicorn's own lines, in the form of ours."""

import logging
from typing import Any

from gunicorn.glogging import Logger


class GunicornLog(Logger):
    """gunicorn's log of what it does, which leaves format and level to `start_logging`."""

    def setup(self, cfg: Any) -> None:
        """Lets the root logger write the lines; gunicorn's own handler would write them as text."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.NOTSET)
