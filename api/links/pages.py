"""The small pages that people see who open a link: no script, no picture, nothing of another host."""

import base64
import hashlib

from flask import Response
from jinja2 import Environment

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#222}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1b4d89;color:#fff}"
    "button.undo{background:none;color:#1b4d89;padding:0;text-decoration:underline}"
)
_LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if action %}<form method="post">
{% if again %}<input type="hidden" name="again" value="1">
<button class="undo">{{ action }}</button>{% else %}<button>{{ action }}</button>{% endif %}
</form>{% endif %}
</body>
</html>
"""
_PAGE = Environment(autoescape=True).from_string(_LAYOUT)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
NOT_INDEXED = {"X-Robots-Tag": "noindex, nofollow"}
_HEADERS = NOT_INDEXED | {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}


def page(title: str, text: str, *, action: str | None = None, again: bool = False) -> Response:
    """Returns a page with at most one button, which posts to the page's own address.

    `again` says that the button takes back what another did.
    """
    body = _PAGE.render(style=_STYLE, title=title, text=text, action=action, again=again)
    return Response(body, mimetype="text/html", headers=_HEADERS)
