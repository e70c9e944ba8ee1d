"""The query of an address: each parameter once, because the framework would take one of several and drop the others.

A query that a view takes is checked by its type, which refuses unknown parameters; the others are checked here.
"""

from typing import Any, get_origin, get_type_hints

from flask import Flask, request

from api.http.auth import current_rules
from dispatch.errors import InvalidRequest

MAX_NAME = 100
# A parameter of every call; auth.py reads it.
ORGANIZATION = "organization_id"


def install(app: Flask) -> None:
    """Refuses a parameter that is given twice, unless it is a list, and any that a view without a query does not read.

    If-Match says that something must not have changed, so it is refused where no one looks at it. Install this after
    what requires the key.
    """

    @app.before_request
    def refuse_repeated_and_unread() -> None:
        rules = current_rules()
        for name, values in request.args.lists():
            if len(values) > 1 and name not in rules.repeatable:
                shown = name[:MAX_NAME]
                raise InvalidRequest(f"{shown} is in the query {len(values)} times; give it once.", field=shown)
            if rules.no_query and name != ORGANIZATION:
                raise no_such_field(name)
        if rules.no_if_match and "If-Match" in request.headers:
            raise InvalidRequest("If-Match is for calls that change one campaign; leave it out.", field="If-Match")


def no_such_field(name: str) -> InvalidRequest:
    """Returns the refusal of a parameter or a field that a call does not have."""
    return InvalidRequest(f"{name[:MAX_NAME]}: there is no such field.", field=name[:MAX_NAME])


def repeatable(view: Any) -> frozenset[str]:
    """Returns the parameters of a view's query that are lists."""
    query = get_type_hints(view).get("query")
    fields = query.model_fields if query else {}
    return frozenset(name for name, field in fields.items() if get_origin(field.annotation) is list)
