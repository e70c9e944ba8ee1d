"""The query of an address: each parameter once, because the framework would take one of several and drop the others."""

from typing import Any, get_origin, get_type_hints

from flask import Flask, request

from api.http.auth import current_rules
from dispatch.errors import InvalidRequest


def install(app: Flask) -> None:
    """Refuses a parameter that is given twice, unless it is a list; install it after what requires the key."""

    @app.before_request
    def refuse_repeated() -> None:
        for name, values in request.args.lists():
            if len(values) > 1 and name not in current_rules().repeatable:
                shown = name[:100]
                raise InvalidRequest(f"{shown} is in the query {len(values)} times; give it once.", field=shown)


def repeatable(view: Any) -> frozenset[str]:
    """Returns the parameters of a view's query that are lists."""
    query = get_type_hints(view).get("query")
    fields = query.model_fields if query else {}
    return frozenset(name for name, field in fields.items() if get_origin(field.annotation) is list)
