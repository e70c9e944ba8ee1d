"""A program of an account's own that receives webhooks, verifies their signatures and keeps what it was told."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from tests.doubles.serving import Double, serving

# What the convention advises receivers to tolerate.
TOLERATED_SEC = 300


@dataclass
class Receiver(Double):
    """Answers 204 to requests that are signed with its secret, 401 to others."""

    secret: str = ""
    #: The id and the document of each request that it took, in order.
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: int = 0

    def types(self) -> list[str]:
        """Returns the type of each event that it took, in order."""
        return [document["type"] for _, document in self.told]

    def messages(self) -> dict[str, list[str]]:
        """Returns the states that it was told of each message, in order."""
        found: dict[str, list[str]] = {}
        for _, document in self.told:
            for message in document["data"].get("messages", ()):
                found.setdefault(message["id"], []).append(message["state"])
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Runs a receiver until the end of the block."""
    double = Receiver(Flask("receiver"))

    @double.app.post("/hooks")
    def take() -> Response:
        if not is_signed(double.secret):
            double.refused += 1
            return Response("not signed", 401)
        double.told.append((request.headers["webhook-id"], json.loads(request.get_data())))
        return Response(status=204)

    with serving(double) as running:
        yield running  # type: ignore[misc]


def is_signed(secret: str) -> bool:
    """Returns whether the request that is being answered is signed with the secret, just now."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message_id, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    signed = b".".join([message_id.encode(), timestamp.encode(), request.get_data()])
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.partition(",")[2] for each in request.headers["webhook-signature"].split() if each.startswith("v1,")]
    return right in given and abs(time.time() - int(timestamp)) < TOLERATED_SEC
