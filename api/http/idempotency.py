"""Idempotency-Key: a POST that is sent again under the same key has one effect and one answer, for 24 hours.

The key's row is written in the transaction of the effect: a simultaneous twin waits for it at the index, and a crash
undoes both. A start takes several transactions; there a lock lets twins in one after the other, and the campaign
remembers the key from its claim on.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from hashlib import sha256
from typing import IO, Any
from urllib.parse import quote

import structlog
from flask import Response, current_app, g, make_response, request
from psycopg.errors import LockNotAvailable

from api.http.auth import caller, current_rules, holder
from api.http.rules import HarmlessTwice, Idempotency, OneTransaction, Start
from dispatch.errors import Duplicate, IdempotencyMismatch, InvalidRequest
from dispatch.start.request_key import started_under
from models.campaigns.campaign import Campaign
from models.database import db
from models.failures import DATABASE_ERRORS
from models.idempotency_key import IdempotencyKey, RequestKey, alone_with

log = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_KEY_CHARACTERS = 255
# The row keeps this much of an address; the hash covers all of it.
MAX_ROUTE_CHARACTERS = 200
PIECE_BYTES = 1024 * 1024

View = Callable[..., Any]

_KEY = re.compile(rf"[\x20-\x7e]{{1,{MAX_KEY_CHARACTERS}}}")


class StillAnswering(Duplicate):
    """A request with this Idempotency-Key is being answered right now; try again shortly."""


def done_once(view: View, idempotency: Idempotency) -> View:
    """Returns the view with what its rules say of a transaction and of a request that is sent twice."""

    @wraps(view)
    def answered(**arguments: Any) -> Any:
        key = _key()
        # What only reads changes nothing: its answer is found again and not kept, so a key that reads writes no row.
        asked = _asked(key) if key is not None and current_rules().scope != "read" else None
        match idempotency:
            case OneTransaction(secret):
                return _in_one_transaction(view, arguments, asked, secret)
            case Start(answer_again):
                return _started_once(view, arguments, asked, answer_again) if asked else view(**arguments)
            case HarmlessTwice():
                return _alone(asked, lambda: _first_answer(view, arguments)) if asked else view(**arguments)

    return answered


def _in_one_transaction(
    view: View, arguments: dict[str, Any], asked: RequestKey | None, secret: str | None
) -> Response:
    """Commits the effect, its answer and the key together, or none of them."""
    with db.atomic() as transaction:
        if asked and not _taken(asked):
            if kept := _kept(asked):
                return kept
            raise StillAnswering  # it expired at this moment
        response = _first_answer(view, arguments)
        if not _is_done(response):
            transaction.rollback()
        elif asked:
            IdempotencyKey.keep(asked, response.status_code, _to_keep(response, secret))
        return response


def _started_once(
    view: View, arguments: dict[str, Any], asked: RequestKey, answer_again: Callable[[Campaign], Any]
) -> Response:
    """Answers a retry whose first answer was lost from the campaign that it started."""

    def answer() -> Response:
        campaign = started_under(asked)
        if campaign is None:
            g.caller = replace(g.caller, idempotency_key=asked)
            return _first_answer(view, arguments)
        response = make_response(answer_again(campaign))
        response.headers[REPLAYED] = "true"
        return response

    return _alone(asked, answer)


def _alone(asked: RequestKey, answer: Callable[[], Response]) -> Response:
    """Answers twins one after the other: the first answer is kept, and the others repeat it."""
    try:
        with alone_with(asked.digest):
            if kept := _kept(asked):
                return kept
            response = answer()
            if _is_done(response):
                _keep_if_possible(asked, response)
            return response
    except LockNotAvailable:
        raise StillAnswering from None


def _first_answer(view: View, arguments: dict[str, Any]) -> Response:
    return current_app.make_response(view(**arguments))


def _taken(asked: RequestKey) -> bool:
    try:
        return IdempotencyKey.take(asked)
    except LockNotAvailable:
        raise StillAnswering from None


def _kept(asked: RequestKey) -> Response | None:
    """Returns the answer that this request had before, if any; refuses a different request under its key."""
    found = IdempotencyKey.find(asked)
    if found is None:
        return None
    if found.body_hash != asked.body_hash:
        raise IdempotencyMismatch
    response = current_app.response_class(found.answer, status=found.status, mimetype="application/json")
    if found.answer and '"revision"' in found.answer and (revision := json.loads(found.answer).get("revision")):
        response.set_etag(str(revision))
    response.headers[REPLAYED] = "true"
    return response


def _keep_if_possible(asked: RequestKey, response: Response) -> None:
    """A successful start is answered even if storing the answer fails; a retry is answered from the campaign."""
    try:
        IdempotencyKey.keep(asked, response.status_code, _to_keep(response, None))
    except DATABASE_ERRORS as problem:
        log.warning("answer.not_kept", problem=type(problem).__name__)


def _is_done(response: Response) -> bool:
    return 200 <= response.status_code < 300 and not response.is_streamed


def _to_keep(response: Response, secret: str | None) -> str:
    text = response.get_data(as_text=True)
    return json.dumps({**json.loads(text), secret: None}, ensure_ascii=False) if secret else text


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidRequest(f"{HEADER} must have 1 to {MAX_KEY_CHARACTERS} characters of ASCII.", field=HEADER)
    return key


def _asked(key: str) -> RequestKey:
    # The same with and without the prefix, and quoted: an address may contain what a row cannot.
    route = quote(request.path.removeprefix("/api").rstrip("/"))
    # Parameters in another order are the same request; of one that is repeated, the order may matter.
    query = sorted(request.query_string.decode("latin-1").split("&"), key=lambda parameter: parameter.split("=")[0])
    whole = "\n".join((route, "&".join(query), _hash_of_body()))
    return RequestKey(
        # Any key of an account may repeat the request of another one; operators are told apart by their keys.
        owner=holder().key_id if holder().operator else caller().one_account(),
        route=route[:MAX_ROUTE_CHARACTERS],
        key=key,
        body_hash=sha256(whole.encode()).hexdigest(),
    )


def _hash_of_body() -> str:
    """Returns a hash of the whole body, which can then be read again."""
    if request.is_json:
        return _hash_of_json(request.get_data())
    digest = sha256(request.mimetype.encode())
    if request.mimetype == "multipart/form-data":
        # Of its parts, because the boundary between them is new each time. A part may have no name.
        for name, text in sorted(request.form.items(multi=True), key=lambda item: (item[0] or "", item[1])):
            digest.update(json.dumps([name, text]).encode())
        for name, part in sorted(request.files.items(multi=True), key=lambda item: item[0] or ""):
            digest.update(json.dumps([name, part.filename]).encode())
            _feed(digest, part.stream)
            part.stream.seek(0)
        return digest.hexdigest()
    if "_cached_data" in vars(request):
        body = request.get_data()
        digest.update(body)
        return digest.hexdigest() if body else _hash_of_json(body)
    _feed(digest, request.stream)
    size = request.stream.tell()
    request.stream.seek(0)
    return digest.hexdigest() if size else _hash_of_json(b"")


def _hash_of_json(body: bytes) -> str:
    """Returns a hash of the value, however it is written: in any order of keys, or not at all for `{}`."""
    try:
        value = current_app.json.loads(body or b"{}")
    except ValueError:  # the route refuses it
        written = body
    else:
        written = json.dumps(value, sort_keys=True).encode()
    return sha256(b"application/json" + written).hexdigest()


def _feed(digest: Any, source: IO[bytes]) -> None:
    while piece := source.read(PIECE_BYTES):
        digest.update(piece)
