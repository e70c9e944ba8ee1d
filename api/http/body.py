"""The body of a request: whole or refused, never cut, and received while the request holds no database connection."""

from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Flask, current_app, g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from api.http.auth import current_rules
from api.http.connection import connect, disconnect
from api.http.errors import TooSlow
from api.http.queries import no_such_field
from dispatch.errors import InvalidRequest

#: What is larger waits on disk until all of it has arrived, so that many slow bodies do not fill the memory.
MAX_IN_MEMORY_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024


class CutShort(InvalidRequest):
    """The body ended early, or one of its chunks is malformed; nothing was changed, so send it again."""


def install(app: Flask) -> None:
    """Receives every body before its view runs; install it after what requires the key and counts requests.

    Routes that read no body have the limit too, so that what is refused does not depend on the route.
    """

    @app.before_request
    def receive() -> None:
        request.max_content_length = current_rules().most_bytes
        length = get_content_length(request.environ)
        ends_itself = length is None and "wsgi.input_terminated" in request.environ
        if length is not None and length > request.max_content_length:
            raise RequestEntityTooLarge
        g.body = request.stream = SpooledTemporaryFile(max_size=MAX_IN_MEMORY_BYTES)  # noqa: SIM115 (closed below)
        if length or ends_itself:
            # A slow client must not hold one of the few connections while it sends.
            was_connected = disconnect()
            receive_whole(request.environ["wsgi.input"], g.body, length=length, most=request.max_content_length)
            g.body.seek(0)
            if was_connected:
                connect()
        g.body_received = True
        if current_rules().no_body:
            _refuse_any()

    @app.teardown_request
    def forget(_problem: BaseException | None) -> None:
        if body := g.pop("body", None):
            body.close()


def _refuse_any() -> None:
    """Refuses a body where the view takes none; clients that always send one send an empty object."""
    content = request.get_data().strip()
    try:
        value = current_app.json.loads(content or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidRequest("This call takes no body; send it without one.")
    for name in value:
        raise no_such_field(name)


def receive_whole(source: IO[bytes], target: IO[bytes], *, length: int | None, most: int) -> None:
    """Copies a body of this length, or one that ends by itself, from the server's stream.

    RequestEntityTooLarge above `most` bytes; CutShort when the client leaves before the end or a chunk is malformed;
    TooSlow when the server's patience has ended.
    """
    # One byte more than allowed is asked for: only that shows whether the body goes on.
    wanted = most + 1 if length is None else length
    received = 0
    while received < wanted and (piece := _read(source, min(_PIECE_BYTES, wanted - received))):
        received += len(piece)
        if received > most:
            raise RequestEntityTooLarge
        target.write(piece)
    if length is not None and received < length:
        raise CutShort


def _read(source: IO[bytes], size: int) -> bytes:
    try:
        return source.read(size)
    except TimeoutError:
        raise TooSlow from None
    except (OSError, ValueError, ParseException):
        raise CutShort from None
