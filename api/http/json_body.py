"""Strict JSON: rejects ambiguity and whatever PostgreSQL cannot store, before any route runs."""

from typing import Any

import flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from dispatch.errors import DispatchError, InvalidRequest
from dispatch.formats import strict_json
from dispatch.formats.checks import composed


class StrictJson(DefaultJSONProvider):
    """Writes JSON with readable letters and keys in their own order; reading raises a ValueError with the reason."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Returns the value, all of which PostgreSQL can store, its texts in composed characters (NFC)."""
        return composed(strict_json.loads(s, **kwargs))


class FormTooLarge(DispatchError):
    """The form has too many fields, or too long ones beside its file; send only those that the route names."""

    code = "PAYLOAD_TOO_LARGE"


class Request(flask.Request):
    """A request whose JSON body is read once, strictly."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Refuses a body that is not JSON, or that is not declared as JSON."""
        if e is None:
            raise UnsupportedMediaType
        reason = str(e) if not isinstance(e, UnicodeDecodeError) else "it is not UTF-8"
        raise InvalidRequest(f"The body is not JSON that can be used: {reason}.")

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except RequestEntityTooLarge:
            raise FormTooLarge from None

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
