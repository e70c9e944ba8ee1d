"""Every refusal as HTTP: the one place that knows their status codes.

The answer is always {"error": {"code", "message", "details"?}, "requestId"}, with a sentence that people can act on.
"""

import traceback
from typing import Any

import redis
import structlog
from flask import Flask, jsonify, request
from flask import Response as Answer
from peewee import ProgrammingError
from psycopg import ProgrammingError as ServerProgrammingError
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from api.http import request_id
from api.http.connection import missing_schema
from api.http.error_answer import ErrorAnswer
from api.http.rules import size_in_words
from config.logging import without_rows
from config.redis import why_unusable
from dispatch.errors import DispatchError, QueueUnavailable
from models.failures import PASSING_ERRORS
from models.unreachable import why_unreachable

log = structlog.get_logger()

UNAVAILABLE = 503

STATUS = {
    "INVALID_REQUEST": 400,
    "INVALID_ID": 400,
    "EMPTY_CUSTOMER_IDS": 400,
    "MISSING_CUSTOMER_ID": 400,
    "NO_RECIPIENTS": 400,
    "TOO_FEW_RECIPIENTS": 400,
    "NO_TARGET_AUDIENCE": 400,
    "NO_MESSAGE_TEXT": 400,
    "INVALID_TEMPLATE": 400,
    "SEGMENT_TOO_HEAVY": 400,
    "UNAUTHENTICATED": 401,
    "INSUFFICIENT_CREDITS": 402,
    "SPENDING_LIMIT": 402,
    "FORBIDDEN": 403,
    "SUBSCRIPTION_REQUIRED": 403,
    "APPROVAL_REQUIRED": 403,
    "CAMPAIGN_NOT_FOUND": 404,
    "CUSTOMER_NOT_FOUND": 404,
    "RESOURCE_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "INVALID_STATUS": 409,
    "ALREADY_SENDING": 409,
    "EXPIRED": 409,
    "TOO_LATE": 409,
    "IMPORT_RUNNING": 409,
    "DUPLICATE": 409,
    "QUOTA_EXCEEDED": 409,
    "REMOTE_NOT_CONFIGURED": 409,
    "PROVIDER_NOT_CONFIGURED": 409,
    "LINKS_NOT_CONFIGURED": 409,
    "PRECONDITION_FAILED": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "ADDRESS_TOO_LONG": 414,
    "IDEMPOTENCY_MISMATCH": 422,
    "RATE_LIMITED": 429,
    "ACCOUNT_BUSY": 429,
    "HEADERS_TOO_LARGE": 431,
    "ENQUEUE_FAILED": 500,
    "INTERNAL": 500,
    "REMOTE_FAILED": 502,
    "QUEUE_UNAVAILABLE": UNAVAILABLE,
    "DATABASE_UNAVAILABLE": UNAVAILABLE,
    "DATABASE_NOT_MIGRATED": UNAVAILABLE,
    "STREAMS_BUSY": UNAVAILABLE,
    "TOO_MANY_CONNECTIONS": UNAVAILABLE,
}

RETRY_AFTER_SEC = 5

# What Flask and Werkzeug refuse by themselves, with our codes and messages.
_OF_FLASK = {
    400: ("INVALID_REQUEST", "The request cannot be read; check its address, headers and body."),
    404: ("RESOURCE_NOT_FOUND", "There is nothing at this address; /docs lists those there are."),
    405: ("METHOD_NOT_ALLOWED", "This address does not answer that method; the Allow header lists those it does."),
    413: ("PAYLOAD_TOO_LARGE", "The body is larger than {most}; send it in parts."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send JSON, with the header Content-Type: application/json."),
}


class UnsupportedType(DispatchError):
    """The body has a type that this address does not accept."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class TooSlow(DispatchError):
    """The body arrived too slowly and was dropped; nothing was changed, so send it again."""

    code = "REQUEST_TIMEOUT"


class Unauthenticated(DispatchError):
    """Send a valid API key in the header Authorization: Bearer <key>."""

    code = "UNAUTHENTICATED"

    def __init__(self, *, challenge: str = "Bearer") -> None:
        self.challenge = challenge
        super().__init__()


class KeyExpired(Unauthenticated):
    """This API key has expired; make another one and send that."""


class NotSignedIn(Unauthenticated):
    """Sign in with an API key."""


class RateLimited(DispatchError):
    """This key sends too many requests."""

    code = "RATE_LIMITED"


class TooManyWrongKeys(RateLimited):
    """This address sent too many wrong API keys; try again later with a valid one."""


class StreamsBusy(DispatchError):
    """The account has as many event streams, or downloads, open as it may; close some or wait for their end."""

    code = "STREAMS_BUSY"


# The refusals of any route.
_ANYWHERE = (
    *("INVALID_REQUEST", "UNAUTHENTICATED", "FORBIDDEN", "RESOURCE_NOT_FOUND"),
    *("INTERNAL", "DATABASE_UNAVAILABLE"),
)
_WITH_BODY = ("REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")


def refusals(*codes: str, body: bool = False) -> dict[str | int | Any, type[BaseModel]]:
    """Returns the refusals of a route for the OpenAPI document: these, and those that any route may have."""
    return {STATUS[code]: ErrorAnswer for code in (*_ANYWHERE, *(_WITH_BODY if body else ()), *codes)}


def install(app: Flask) -> None:
    """Answers every error of the application with a status from the table."""
    app.register_error_handler(DispatchError, refused)
    app.register_error_handler(HTTPException, _refused_by_flask)
    app.register_error_handler(redis.RedisError, _redis_away)
    for passing in PASSING_ERRORS:
        app.register_error_handler(passing, _database_away)
    for missing in (ProgrammingError, ServerProgrammingError):
        app.register_error_handler(missing, _perhaps_not_migrated)
    app.register_error_handler(Exception, _unexpected)


def answer_to(problem: Exception) -> Response:
    """Returns the answer to whatever a view raised, for a part of the application that shows it in its own way."""
    match problem:
        case DispatchError():
            return refused(problem)
        case HTTPException():
            return _refused_by_flask(problem)
        case redis.RedisError():
            return _redis_away(problem)
        case _ if isinstance(problem, PASSING_ERRORS):
            return _database_away(problem)
        case ProgrammingError() | ServerProgrammingError():
            return _perhaps_not_migrated(problem)
        case _:
            return _unexpected(problem)


def refused(refusal: DispatchError) -> Answer:
    """Returns the answer to a refusal."""
    status = STATUS[refusal.code]
    response = _answer(refusal.code, refusal.message, refusal.details)
    if "retry_after_sec" in refusal.details:
        response.headers["Retry-After"] = str(refusal.details["retry_after_sec"])
    if isinstance(refusal, Unauthenticated):
        response.headers["WWW-Authenticate"] = refusal.challenge
    if status == 500:
        _log_failure(refusal.code, refusal)
    elif not isinstance(refusal, TooManyWrongKeys):  # one line says that the address has to wait
        log.info("request.refused", code=refusal.code)
    return response


def _refused_by_flask(problem: HTTPException) -> Response:
    status = problem.code or 500
    if status < 400 or problem.response is not None:
        return problem.get_response()
    if status not in _OF_FLASK and status >= 500:
        return _unexpected(problem)
    code, message = _OF_FLASK.get(status, _OF_FLASK[400])
    most = size_in_words(request.max_content_length or 0)
    response = _answer(code, message.format(most=most))
    if allowed := getattr(problem, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _database_away(problem: Exception) -> Response:
    # Only the kind of problem: a driver's message may quote the statement's values.
    why = why_unreachable(problem)
    log.error("database.unavailable", problem=why or type(problem).__name__)
    return _answer("DATABASE_UNAVAILABLE", why or "The database does not answer; try again shortly.")


def _perhaps_not_migrated(problem: Exception) -> Answer | Response:
    refusal = missing_schema(problem)
    return refused(refusal) if refusal else _unexpected(problem)


def _redis_away(problem: redis.RedisError) -> Response:
    why = why_unusable(problem)
    log.error("queue.unavailable", problem=why or type(problem).__name__)
    return _answer(QueueUnavailable.code, why or QueueUnavailable().message)


def _unexpected(problem: Exception) -> Response:
    _log_failure("INTERNAL", problem)
    return _answer("INTERNAL", "Internal error. Quote the requestId when you report it.")


def _log_failure(code: str, problem: Exception) -> None:
    stack = "".join(traceback.format_exception(problem))
    log.error("request.failed", code=code, exception=without_rows(stack))


def _answer(code: str, message: str, details: dict[str, Any] | None = None) -> Answer:
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    response = jsonify({"error": error, "requestId": request_id.current()})
    response.status_code = STATUS[code]
    if response.status_code in (429, UNAVAILABLE):
        response.headers["Retry-After"] = str(RETRY_AFTER_SEC)
    return response
