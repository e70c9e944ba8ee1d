"""Which methods an address accepts when one with a name exists beside one with an id.

The router matches by method: PATCH /api/customers/export would be an edit of the customer "export".
"""

from flask import Flask, current_app, request
from werkzeug.exceptions import MethodNotAllowed


def install(app: Flask) -> None:
    """Makes an address with a name accept only its own methods."""

    @app.before_request
    def refuse_the_methods_of_others() -> None:
        if request.url_rule and request.url_rule.arguments and (own := own_methods()):
            raise MethodNotAllowed(valid_methods=own)


def own_methods() -> list[str]:
    """Returns the methods of the named address that is requested; none for any other address."""
    path = request.path.rstrip("/")
    rules = (rule for rule in current_app.url_map.iter_rules() if rule.rule == path and not rule.arguments)
    return sorted({method for rule in rules for method in rule.methods or ()})
