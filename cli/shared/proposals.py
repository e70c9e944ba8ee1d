"""What a refusal proposes, as the options that are typed for it."""

import shlex
from typing import Any


def with_options(refused: Exception) -> str:
    """Returns the options that a refusal proposes, as a sentence; nothing for one that proposes none."""
    proposed: dict[str, Any] = getattr(refused, "details", {}).get("use", {})
    options = [f"--map {shlex.quote(f'{column}={cell}')}" for column, cell in proposed.get("mapping", {}).items()]
    if encoding := proposed.get("encoding"):
        options.append(f"--encoding {encoding}")
    return f" Use {' '.join(options)}." if options else ""
