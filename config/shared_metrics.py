"""The directory in which the processes of one machine keep what they count, so that any of them can add it up."""

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

from config.settings import Settings, settings


def share_metrics(chosen: Settings) -> Path | None:
    """Makes the children of this process share PROMETHEUS_MULTIPROC_DIR, or else a new directory, which is returned.

    Call it before prometheus_client is imported, which looks once. None: the directory is someone else's to delete.
    """
    made = None if chosen.prometheus_multiproc_dir else Path(mkdtemp(prefix="campaign-dispatch-metrics-"))
    directory = made or chosen.prometheus_multiproc_dir
    assert directory
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    settings.cache_clear()
    return made


def forget_metrics(made: Path | None) -> None:
    """Deletes the directory that `share_metrics` made, if it made one."""
    if made:
        shutil.rmtree(made, ignore_errors=True)
