"""user-service: users in pages, of which one may be cut, repeated or refused."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.doubles.keycloak import Keycloak
from tests.doubles.serving import Double


@dataclass
class UserService(Double):
    """Knows `users`; `asked` has the query of each page that it answered."""

    users: list[Any] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    #: Pages, counted from 0, that contain the users of the page before them too.
    repeats: set[int] = field(default_factory=set)
    #: Empty pages before the first user; their cursors count up to 0.
    empty_pages: int = 0

    def conditions(self) -> list[Any]:
        """Returns the conditions of the last query."""
        found: list[Any] = json.loads(self.asked[-1]["conditions"])
        return found


def user_service(tokens: Keycloak) -> UserService:
    """Returns a user-service that checks tokens; a cursor is the number of the next user."""
    double = UserService(Flask("user-service"))

    @double.app.get("/api/users")
    def page() -> Response:
        if not tokens.accepts(request.headers.get("Authorization")):
            return Response('{"error": "invalid_token"}', 401)
        double.asked.append(request.args.to_dict())
        first, limit = int(request.args.get("cursor", -double.empty_pages)), int(request.args["limit"])
        if first < 0:
            return jsonify(users=[], next=str(first + 1))
        start = max(0, first - limit // 2) if first // limit in double.repeats else first
        following = first + limit if start == first else first + limit // 2
        return jsonify(
            users=double.users[start:following], next=str(following) if following < len(double.users) else None
        )

    return double


def a_user(n: int, **fields: Any) -> dict[str, Any]:
    """Returns user n, with a Greek mobile number of its own."""
    return {"id": f"u-{n}", "phone": f"+30690{n:07}", "firstName": f"First{n}", "lastName": f"Last{n}"} | fields
