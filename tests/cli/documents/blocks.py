"""The shell blocks of the documents, the commands in them, and the output that a page shows for them.

A block that people type is fenced as `bash`, and a block of `text` or `json` directly after it is its output; one
fenced as `console` has commands after `$ ` and their output between them. In an output, `…` stands for anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HERE_DOCUMENT = re.compile(r"<<'(\w+)'")


@dataclass(frozen=True)
class Step:
    """Commands that are typed together, and what they print; None when the page does not say."""

    script: str
    output: str | None


def steps(page: str) -> list[Step]:
    """Returns what the page has people type, in its order."""
    return [step for language, body, output in fences(page) for step in _steps(language, body, output)]


def fences(page: str) -> Iterator[tuple[str, str, str | None]]:
    """Yields the language and the text of each block, and the text of the output that follows it directly."""
    text = (ROOT / page).read_text()
    found = list(_FENCE.finditer(text))
    for block, after in zip_longest(found, found[1:]):
        is_output = after and after[1] in ("text", "json") and not text[block.end() : after.start()].strip()
        yield block[1], block[2], after[2] if is_output else None


def commands(script: str) -> list[str]:
    """Returns the commands of a script, each with what its backslashes, here-documents and loops continue."""
    found: list[str] = []
    lines = iter(script.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command += "\n" + next(lines)
        if here := _HERE_DOCUMENT.search(command):
            for more in lines:
                command += "\n" + more
                if more == here[1]:
                    break
        if command.strip() and not command.startswith("#"):
            found.append(command)
    return found


def matches(shown: str, printed: str) -> bool:
    """Returns whether this was printed; any white space is as good as any other."""
    words = [re.escape(part) for part in re.split(r"\s+", shown.strip())]
    return bool(re.fullmatch(r"\s+".join(words).replace("…", ".*?"), printed.strip(), re.DOTALL))


def _steps(language: str, body: str, output: str | None) -> Iterator[Step]:
    if language in ("bash", "sh"):
        yield Step(body, output)
    elif language == "console":
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            [command, *_] = commands(part)
            yield Step(command, part[len(command) + 1 :] or None)
    elif language == "crontab":
        for line in body.splitlines():
            yield Step(line.split(maxsplit=5)[5], None)
