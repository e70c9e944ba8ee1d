"""Which methods an address answers, where one with a name stands beside one with an id.

The router tries them by method: PATCH /api/customers/export would be an edit of the customer "export".
"""

from flask import Flask, current_app, request
from werkzeug.exceptions import MethodNotAllowed


def install(app: Flask) -> None:
    """Makes an address with a name answer its own methods only."""

    @app.before_request
    def refuse_the_methods_of_others() -> None:
        if request.url_rule and request.url_rule.arguments and (own := own_methods()):
            raise MethodNotAllowed(valid_methods=own)


def own_methods() -> list[str]:
    """The methods of the named address that is asked for; none when it is no such address."""
    path = request.path.rstrip("/")
    rules = (rule for rule in current_app.url_map.iter_rules() if rule.rule == path and not rule.arguments)
    return sorted({method for rule in rules for method in rule.methods or ()})
