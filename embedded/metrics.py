"""Where the processes of one `up` keep what they count, so that its web shows all of it."""

import shutil
from pathlib import Path

from config.shared_metrics import MetricsDirectory
from embedded.home import Identity


class CountsOfUp:
    """An empty directory of whichever user web and workers run as."""

    def __init__(self, directory: Path, user: Identity) -> None:
        # Another user cannot be sure to reach the data directory.
        self._temporary = MetricsDirectory(user=user["user"], group=user["group"]) if user else None
        self.path = self._temporary.path if self._temporary else directory / "metrics"
        if self._temporary is None:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(mode=0o700)

    def forget(self) -> None:
        """Deletes it, unless it is in the data directory."""
        if self._temporary:
            self._temporary.forget()
