"""Which methods an address accepts when one with a name exists beside one with an id.

The router matches by method: PATCH /api/customers/export would be an edit of the customer "export".
"""

from collections import defaultdict
from functools import lru_cache

from flask import Flask, current_app, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Map


def install(app: Flask) -> None:
    """Makes an address with a name accept only its own methods."""

    @app.before_request
    def refuse_the_methods_of_others() -> None:
        if request.url_rule and request.url_rule.arguments and (own := own_methods()):
            raise MethodNotAllowed(valid_methods=own)


def own_methods() -> list[str]:
    """Returns the methods of the named address that is requested; none for any other address."""
    return sorted(_methods_by_name(current_app.url_map).get(request.path.rstrip("/"), ()))


@lru_cache(maxsize=1)
def _methods_by_name(addresses: Map) -> dict[str, set[str]]:
    """Returns the methods of each named address of a complete map; reading it takes longer than the rest of a look."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in addresses.iter_rules():
        if not rule.arguments:
            found[rule.rule] |= rule.methods or set()
    return dict(found)
