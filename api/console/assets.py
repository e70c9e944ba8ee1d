"""The files that pages load, at addresses that change with their content, so that browsers may keep them for good."""

import hashlib
from functools import cache
from pathlib import Path

from api.http.auth import CONSOLE

_FILES = Path(__file__).with_name("static")
# A year, the longest that caches are asked to keep anything.
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


@cache
def version_of(name: str) -> str:
    """Returns what the content of the file is known by."""
    return hashlib.sha256((_FILES / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Returns the address of the file with its present content."""
    return f"/{CONSOLE}/static/{name}?v={version_of(name)}"


def is_current(name: str, version: str | None) -> bool:
    """Returns whether a file that is there was asked for as it is now: during a deploy it may be another release's."""
    return version is not None and (_FILES / name).is_file() and version == version_of(name)
