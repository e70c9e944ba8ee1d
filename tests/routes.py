"""Every route of the application, to try one thing on each of them."""

from collections.abc import Iterator

from flask import Flask


def every_route(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Returns the method, the path (with 0 for what it takes) and the endpoint of each route."""
    for rule in app.url_map.iter_rules():
        if not rule.build_only:
            path = rule.rule.replace("<int:", "<").replace("<path:", "<")
            for argument in rule.arguments:
                path = path.replace(f"<{argument}>", "0")
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield method, path, rule.endpoint
