"""business-service: the capacity of each business that it knows."""

from dataclasses import dataclass, field

from flask import Flask, Response, jsonify, request

from tests.doubles.keycloak import Keycloak
from tests.doubles.serving import Double

BUSINESS_ID = "af941888-ec4c-458e-b905-21673241af3e"


@dataclass
class BusinessService(Double):
    """Knows the capacity per channel of each business; None is no limit."""

    capacities: dict[str, dict[str, int | None]] = field(default_factory=lambda: {BUSINESS_ID: {}})


def business_service(tokens: Keycloak) -> BusinessService:
    """Returns a business-service that checks tokens."""
    double = BusinessService(Flask("business-service"))

    @double.app.get("/api/businesses/<business_id>/capacity")
    def capacity(business_id: str) -> Response:
        if not tokens.accepts(request.headers.get("Authorization")):
            return Response('{"error": "invalid_token"}', 401)
        if business_id not in double.capacities:
            return Response('{"error": "no such business"}', 404)
        return jsonify(capacity=double.capacities[business_id].get(request.args["channel"]))

    return double
