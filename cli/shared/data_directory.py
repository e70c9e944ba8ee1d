"""The data directory of `up`, named by `--data` or DATA_DIR."""

from pathlib import Path

import click

from config.settings import settings

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data directory.  [default: DATA_DIR, or .data]",
)


def data_directory(chosen: Path | None) -> Path:
    """Returns the directory that the option names, or otherwise the settings."""
    return chosen or settings().data_dir
