"""A CSV file as an answer, streamed as it is made."""

from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any

from flask import Response, stream_with_context

from api.http.connection import disconnect
from api.http.places import take_place
from api.server.crowd import Crowd
from config.others import let_others_run
from config.settings import settings
from dispatch.formats.csv_out import MEDIA_TYPE
from models.database import connected

# However many downloads there are, only so many pieces are made at a time, and other requests are answered in between.
_making = BoundedSemaphore(2)
# The downloads of this process.
_slots = Crowd()


def csv_answer(pieces: Iterator[str], file_name: str) -> Response:
    """Answers with the pieces as one download of this name, however long, without keeping it in memory.

    StreamsBusy when the account has as many downloads open as it may.
    """
    leave = take_place(_slots, most=settings().web_downloads_per_account)
    response = Response(
        stream_with_context(_each_with_a_connection(pieces)),
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
    response.call_on_close(leave)
    return response


def _each_with_a_connection(pieces: Iterator[str]) -> Iterator[str]:
    """Holds a connection, and one of the few turns, only while a piece is made: whoever reads may be slow."""
    disconnect()
    while True:
        with _making:
            with connected():
                piece = next(pieces, None)
            let_others_run()
        if piece is None:
            return
        yield piece


def csv_response(description: str) -> dict[str, Any]:
    """Describes such an answer in the OpenAPI document."""
    return {"description": description, "content": {"text/csv": {"schema": {"type": "string"}}}}
