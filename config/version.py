"""Which release this is, as pyproject.toml says."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def release() -> str:
    """The version of the installed package, or of the checkout: platforms install the lock file and not the project."""
    try:
        return version("campaign-dispatch")
    except PackageNotFoundError:
        return str(tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["version"])
