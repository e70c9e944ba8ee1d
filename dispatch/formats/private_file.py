"""Files of people's numbers are for whoever wrote them, and for no other user of the machine."""

import os
from pathlib import Path
from typing import TextIO


def open_private(path: Path) -> TextIO:
    """Opens a file to write UTF-8 text; a new one can be read and written by its owner only. OSError if it cannot be.

    A file that is there keeps its mode.
    """
    return open(path, "w", encoding="utf-8", newline="", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
