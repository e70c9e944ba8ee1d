"""A CSV file as an answer, streamed as it is made."""

from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context

from dispatch.formats.csv_out import MEDIA_TYPE


def csv_answer(pieces: Iterator[str], file_name: str) -> Response:
    """Answers with the pieces as one download of this name, however long, without keeping it in memory."""
    return Response(
        stream_with_context(pieces),
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def csv_response(description: str) -> dict[str, Any]:
    """Describes such an answer in the OpenAPI document."""
    return {"description": description, "content": {"text/csv": {"schema": {"type": "string"}}}}
