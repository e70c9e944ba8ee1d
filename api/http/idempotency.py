"""Idempotency-Key: a POST that is sent again under the same key has one effect and one answer, for 24 hours.

The key's row is written in the transaction of the effect: a twin waits for it at the index, and a crash takes both
back. A start takes several transactions; there a lock keeps twins apart, and the campaign remembers the key from its
claim on.
"""

import json
import re
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, make_response, request
from psycopg.errors import LockNotAvailable

from api.http.auth import caller
from api.http.errors import DATABASE_ERRORS
from dispatch.errors import Duplicate, IdempotencyMismatch, InvalidRequest
from dispatch.start import request_key
from dispatch.start.request_key import RequestKey
from models.database import db
from models.idempotency_key import IdempotencyKey, alone_with

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST_KEY = 255
# As much of an address as the row keeps; all of it is in the hash.
MOST_ROUTE = 200
IN_MEMORY = 1024 * 1024

_KEY = re.compile(rf"[\x20-\x7e]{{1,{MOST_KEY}}}")

View = TypeVar("View", bound=Callable[..., Any])
# The answer to a start that was made before, from the campaign it started.
AnswerAgain = Callable[[dict[str, Any]], Any]


class StillAnswering(Duplicate):
    """A request with this Idempotency-Key is being answered right now; ask again shortly."""


def starts(answer_again: AnswerAgain | None = None) -> Callable[[View], View]:
    """Marks a route that starts campaigns, in transactions of its own.

    The one it starts remembers the key, and is answered again from its row; without `answer_again` doing it twice must
    be harmless.
    """

    def mark(view: View) -> View:
        view.starts = answer_again  # type: ignore[attr-defined]
        return view

    return mark


def shown_once(field: str) -> Callable[[View], View]:
    """Marks a route whose answer has a secret in this field: it is not kept, and null when the answer is repeated."""

    def mark(view: View) -> View:
        view.shown_once = field  # type: ignore[attr-defined]
        return view

    return mark


def install(app: Flask) -> None:
    """Makes every POST of the application heed the header."""
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            app.view_functions[rule.endpoint] = _once(app.view_functions[rule.endpoint])


def _once(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def answered(**arguments: Any) -> Any:
        given = request.headers.get(HEADER)
        if given is None or "caller" not in g:
            return view(**arguments)
        asked = _asked(given)
        return (_started_once if hasattr(view, "starts") else _done_once)(asked, view, arguments)

    return answered


def _done_once(asked: RequestKey, view: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    """The effect, its answer and the key in one transaction, or all of it not at all."""
    with db.atomic() as transaction:
        if not _taken(asked):
            kept = _kept(asked)
            assert kept
            return kept
        response = make_response(view(**arguments))
        if _is_done(response):
            IdempotencyKey.keep(asked.row, response.status_code, _to_keep(response, view))
        else:
            transaction.rollback()
        return response


def _started_once(asked: RequestKey, view: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    """Twins one after the other; what a lost answer had started is answered from its campaign."""
    try:
        with alone_with(asked.name):
            if kept := _kept(asked):
                return kept
            response = _answered_again(asked, view) or _answered_first(asked, view, arguments)
            if _is_done(response):
                _keep_if_possible(asked, response, view)
            return response
    except LockNotAvailable:
        raise StillAnswering from None


def _answered_again(asked: RequestKey, view: Callable[..., Any]) -> Response | None:
    answer_again: AnswerAgain | None = view.starts  # type: ignore[attr-defined]
    campaign = request_key.started_under(asked) if answer_again else None
    if answer_again is None or campaign is None:
        return None
    response = make_response(answer_again(campaign))
    response.headers[REPLAYED] = "true"
    return response


def _answered_first(asked: RequestKey, view: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    if view.starts is None:  # type: ignore[attr-defined]
        return make_response(view(**arguments))
    with request_key.remembered(asked):
        return make_response(view(**arguments))


def _taken(asked: RequestKey) -> bool:
    try:
        return IdempotencyKey.take(asked.row)
    except LockNotAvailable:
        raise StillAnswering from None


def _kept(asked: RequestKey) -> Response | None:
    """The answer this request was given before; refuses another request under its key."""
    found = IdempotencyKey.find(asked.row)
    if found is None:
        return None
    if found["body_hash"] != asked.body_hash:
        raise IdempotencyMismatch
    response = current_app.response_class(found["answer"], status=found["status"], mimetype="application/json")
    response.headers[REPLAYED] = "true"
    return response


def _keep_if_possible(asked: RequestKey, response: Response, view: Callable[..., Any]) -> None:
    """A start that happened is told, even when its answer cannot be kept: the campaign remembers the key."""
    try:
        IdempotencyKey.keep(asked.row, response.status_code, _to_keep(response, view))
    except DATABASE_ERRORS as problem:
        log.warning("answer.not_kept", problem=type(problem).__name__)


def _is_done(response: Response) -> bool:
    return 200 <= response.status_code < 300 and not response.is_streamed


def _to_keep(response: Response, view: Callable[..., Any]) -> str:
    text = response.get_data(as_text=True)
    if field := getattr(view, "shown_once", None):
        return json.dumps({**json.loads(text), field: None}, ensure_ascii=False)
    return text


def _asked(key: str) -> RequestKey:
    if not _KEY.fullmatch(key):
        raise InvalidRequest(f"{HEADER} must have 1 to {MOST_KEY} characters of ASCII.", field=HEADER)
    holder = caller()
    # The same with and without the prefix, and quoted: an address may hold what a row cannot.
    route = quote(request.path.removeprefix("/api").rstrip("/"))
    whole = "\n".join((route, request.query_string.decode("latin-1"), _hash_of_body()))
    return RequestKey(
        owner=holder.key_id if holder.operator else holder.account_id or holder.key_id,
        route=route[:MOST_ROUTE],
        key=key,
        body_hash=sha256(whole.encode()).hexdigest(),
    )


def _hash_of_body() -> str:
    """A hash of all that came in, which is left to be read again."""
    digest = sha256(request.mimetype.encode())
    if request.mimetype == "multipart/form-data":
        # Its parts, as what stands between them is new each time.
        for name, text in sorted(request.form.items(multi=True)):
            digest.update(json.dumps([name, text]).encode())
        for name, part in sorted(request.files.items(multi=True), key=lambda item: item[0]):
            digest.update(json.dumps([name, part.filename]).encode())
            _feed(digest, part.stream)
            part.stream.seek(0)
    elif "_cached_data" in vars(request):
        digest.update(request.get_data())
    else:
        received: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (it lives as long as the request)
        _feed(digest, request.stream, copy=received)
        received.seek(0)
        request.stream = received
    return digest.hexdigest()


def _feed(digest: Any, source: IO[bytes], *, copy: IO[bytes] | None = None) -> None:
    while piece := source.read(IN_MEMORY):
        digest.update(piece)
        if copy:
            copy.write(piece)
