"""The version of this release, as pyproject.toml has it."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def release() -> str:
    """Returns the version of the package or, where only the lock file is installed, that of the checkout."""
    try:
        return version("campaign-dispatch")
    except PackageNotFoundError:
        return str(tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["version"])
