"""JSON as we take it: what PostgreSQL cannot store, or what only confuses, is refused before any route sees it."""

import json
import math
from typing import Any

import flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import UnsupportedMediaType

from dispatch.errors import InvalidRequest

MAX_DEPTH = 20
MAX_DIGITS = 100


class StrictJson(DefaultJSONProvider):
    """JSON with readable letters and our order of keys; reading refuses with a ValueError that is a sentence."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value, all of it storable."""
        try:
            value = json.loads(s, parse_constant=_refuse_constant, parse_int=_whole, **kwargs)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        _check(value)
        return value


class Request(flask.Request):
    """A request whose JSON body is read once, strictly."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Refuses a body that is not JSON, or does not say that it is."""
        if e is None:
            raise UnsupportedMediaType
        reason = str(e) if not isinstance(e, UnicodeDecodeError) else "it is not UTF-8"
        raise InvalidRequest(f"The body is not JSON that can be used: {reason}.")

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body, always an object, or None without a body; never silent about one that cannot be used."""
        if not self.get_data(cache=True):
            return None
        # The framework asks silently, which would turn "not JSON" into "a field is missing"; and it would read
        # a body that is one string as JSON once more.
        value = super().get_json(force=force, cache=cache)
        if not isinstance(value, dict):
            raise InvalidRequest("The request needs a JSON object as its body.")
        return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _check(value: Any) -> None:
    """Refuses characters and numbers that PostgreSQL has no place for, and depth that nobody needs."""
    level = [value]
    for _ in range(MAX_DEPTH):
        for leaf in level:
            _check_leaf(leaf)
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def _check_leaf(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text contains the character NUL")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("a text contains half of a character (a lone surrogate)")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")


def _inside(outer: dict | list) -> list:
    return [*outer.keys(), *outer.values()] if isinstance(outer, dict) else outer
