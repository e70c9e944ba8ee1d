"""Every event that is logged is listed in docs/events.md, and every event listed there is logged."""

import ast
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_ROOMS = ("api", "cli", "config", "dispatch", "embedded", "jobs", "models", "scheduling", "sweeper")
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}

LISTED = re.findall(r"^\| `([^`]+)` \|", (_ROOT / "docs" / "events.md").read_text(), re.MULTILINE)
# A sentence instead of an event, because operators search their logs for it.
NOT_DOTTED = {"No jobs enqueued for campaign"}


def _events(source):
    """Returns the first argument of every `log.info(…)` and `partial(log.info, …)`, at every level."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log") | ast.Attribute(attr="_log"), attr=level),
                    args=[event, *_],
                )
                | ast.Call(
                    func=ast.Name(id="partial"),
                    args=[ast.Attribute(value=ast.Name(id="log"), attr=level), event, *_],
                )
            ) if level in _LEVELS:
                yield _pattern(event)


def _pattern(event):
    """Returns the event as a regular expression; what an f-string inserts may be any word."""
    match event:
        case ast.Constant(value=str(name)):
            return re.escape(name)
        # Its first word at least, so that a search for it finds the line.
        case ast.JoinedStr(values=[ast.Constant(value=str(first)), *_] as parts) if "." in first:
            return "".join(re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in parts)
    raise AssertionError(f"line {event.lineno}: an event is written where it is logged, so that it can be searched for")


LOGGED = [
    (str(path.relative_to(_ROOT)), pattern)
    for room in _ROOMS
    for path in sorted((_ROOT / room).rglob("*.py"))
    for pattern in _events(path.read_text())
]


@pytest.mark.parametrize(("path", "pattern"), LOGGED)
def test_every_logged_event_is_listed(path, pattern):
    assert [event for event in LISTED if re.fullmatch(pattern, event)]


@pytest.mark.parametrize("event", LISTED)
def test_every_listed_event_is_logged_somewhere(event):
    assert [path for path, pattern in LOGGED if re.fullmatch(pattern, event)]


def test_listed_events_are_two_words_with_a_dot_and_listed_once():
    assert [event for event in LISTED if not re.fullmatch(r"[a-z]+\.[a-z_]+", event)] == sorted(NOT_DOTTED)
    assert len(LISTED) == len(set(LISTED))
