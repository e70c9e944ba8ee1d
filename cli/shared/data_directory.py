"""The data directory of `up`, named by `--data` or DATA_DIR, and those of the demos inside it."""

from pathlib import Path

import click

from config.settings import settings
from embedded.run_file import is_running

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data directory.  [default: DATA_DIR, or .data]",
)


def data_directory(chosen: Path | None) -> Path:
    """Returns the directory that the option names, or otherwise the settings."""
    return chosen or settings().data_dir


def demo_directory(*, retries: bool = False) -> Path:
    """Returns where a demo keeps its data: fictional customers should not mix with data that people keep.

    Each of the two demos has its own, so that one can run beside the other.
    """
    return settings().data_dir / ("demo-retries" if retries else "demo")


def running_directory(chosen: Path | None = None) -> Path:
    """Returns the directory that the option names; otherwise that of `up`, or that of a demo if only a demo runs."""
    directory = data_directory(chosen)
    if chosen is None and not is_running(directory):
        demos = (demo_directory(), demo_directory(retries=True))
        return next((demo for demo in demos if is_running(demo)), directory)
    return directory
