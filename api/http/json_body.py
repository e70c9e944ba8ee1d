"""Strict JSON: rejects ambiguity and whatever PostgreSQL cannot store, before any route runs."""

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
    """Writes JSON with readable letters and keys in their own order; reading raises a ValueError with the reason."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Returns the value, all of which PostgreSQL can store."""
        try:
            value = json.loads(s, parse_constant=_refuse_constant, parse_int=_whole, **kwargs)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        _check(value)
        return value


class Request(flask.Request):
    """A request whose JSON body is read once, strictly."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Refuses a body that is not JSON, or that is not declared as JSON."""
        if e is None:
            raise UnsupportedMediaType
        reason = str(e) if not isinstance(e, UnicodeDecodeError) else "it is not UTF-8"
        raise InvalidRequest(f"The body is not JSON that can be used: {reason}.")

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Returns the body, always an object, or None without a body; a body that cannot be used is always refused."""
        if not self.get_data(cache=True):
            return None
        # The framework reads with `silent`, which would turn "not JSON" into "a field is missing"; and it would parse
        # a body that is a single string as JSON again.
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
    """Refuses characters and numbers that PostgreSQL cannot store, and nesting deeper than anyone needs."""
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


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return [*outer.keys(), *outer.values()] if isinstance(outer, dict) else outer
