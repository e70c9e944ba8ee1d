"""Where the processes of one `up` keep what they count, so that its web shows all of it."""

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

from embedded.home import Identity


class MetricsDirectory:
    """An empty directory of whichever user web and workers run as."""

    def __init__(self, directory: Path, user: Identity) -> None:
        # Another user cannot be sure to reach the data directory.
        self.path = Path(mkdtemp(prefix="campaign-dispatch-metrics-")) if user else directory / "metrics"
        self._is_temporary = bool(user)
        if user:
            os.chown(self.path, user["user"], user["group"])
        else:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(mode=0o700)

    def forget(self) -> None:
        """Deletes it, unless it is in the data directory."""
        if self._is_temporary:
            shutil.rmtree(self.path, ignore_errors=True)
