"""messaging-service: schedules each message once per idempotency key, and logs every request that it took."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.doubles.keycloak import Keycloak
from tests.doubles.serving import Double


@dataclass
class MessagingService(Double):
    """`scheduled` has each message by its key, `taken` every request that was accepted, in order."""

    scheduled: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: list[dict[str, Any]] = field(default_factory=list)
    #: Phones that are refused for good.
    refused: set[str] = field(default_factory=set)
    #: Called with the number of messages taken so far, before an answer leaves.
    taken_so_far: threading.Condition = field(default_factory=threading.Condition)

    def phones(self) -> Counter[str]:
        """Returns how often each phone was scheduled."""
        return Counter(message["to"] for message in self.scheduled.values())

    def wait_for(self, count: int, *, seconds: float = 60) -> None:
        """Waits until so many messages were taken."""
        with self.taken_so_far:
            assert self.taken_so_far.wait_for(lambda: len(self.taken) >= count, seconds), len(self.taken)


def messaging_service(tokens: Keycloak) -> MessagingService:
    """Returns a messaging-service that checks tokens."""
    double = MessagingService(Flask("messaging-service"))

    @double.app.post("/api/messages")
    def schedule() -> tuple[Response, int]:
        if not tokens.accepts(request.headers.get("Authorization")):
            return jsonify(error={"code": "invalid_token"}), 401
        message = request.get_json()
        if message["to"] in double.refused:
            return jsonify(error={"code": "no_such_number"}), 422
        key = request.headers["Idempotency-Key"]
        with double.taken_so_far:
            double.taken.append({**message, "key": key})
            double.scheduled.setdefault(key, {**message, "id": f"m-{len(double.scheduled)}"})
            double.taken_so_far.notify_all()
            return jsonify(id=double.scheduled[key]["id"]), 202

    return double
