"""The data directory of `up`: what `--data` or DATA_DIR names."""

from pathlib import Path

import click

from config.settings import settings

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data directory.  [default: DATA_DIR, or .data]",
)


def data_directory(chosen: Path | None) -> Path:
    """The directory that the option or else the settings name."""
    return chosen or settings().data_dir
