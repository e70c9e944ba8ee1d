"""What every form of the console carries, and how what was typed outlives a session that ended meanwhile.

A form has three hidden fields: the token that only our pages know, the page it is on, and the account it was made for.
When it cannot be accepted (no session, another account, no token), the page that says so holds what was typed, and a
button brings it back into its form. Only sending that form again changes anything.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from api.console.sessions import csrf_token
from api.http.auth import CONSOLE
from dispatch.errors import Forbidden
from dispatch.formats.checks import composed

TOKEN, PAGE, ACCOUNT, RESUME = "_token", "_page", "_account", "_resume"
# What the page for signing in holds of another form, as JSON.
HELD = "_held"
_OURS = frozenset({TOKEN, PAGE, ACCOUNT, RESUME, HELD})

# In front of the name of a hidden field, which has what the field had when the form was made.
_BEFORE = "was_"

START = f"/{CONSOLE}"
# Nothing that a browser could read as another host's address.
_OWN_ADDRESS = re.compile(rf"/{CONSOLE}(/[A-Za-z0-9_-]+)*(\?[A-Za-z0-9_.~%&=+-]*)?")

#: The endpoints whose views show their form again, filled with what was typed; the blueprint adds them.
RESUMING: set[str] = set()


class FormNotOurs(Forbidden):
    """This form was open for too long, or did not come from this console. Nothing was changed; send it again."""


class OtherAccount(Forbidden):
    """You changed to another account after this form was opened. Nothing was changed; look whether you want it here."""


@dataclass(frozen=True, slots=True)
class Held:
    """A form that could not be accepted."""

    #: The address that it was sent to, and the page that it was on.
    action: str
    page: str
    #: The account that it was made for; empty for none.
    account: str
    #: What was typed: name and value of each field that is not ours.
    fields: tuple[tuple[str, str], ...]
    #: Whether its view shows it again; of any other form nothing is held.
    resumes: bool

    def as_text(self) -> str:
        """Returns it for a hidden field."""
        return json.dumps([self.action, self.page, self.account, self.fields, self.resumes])


def sent() -> MultiDict[str, str]:
    """Returns what the form was sent with; nothing for one that was refused before all of it had arrived."""
    if "sent_form" not in g:
        # What is wrong with it is raised once, and not again by the page that says so.
        g.sent_form = MultiDict()
        if g.get("body_received"):
            g.sent_form = request.form
    found: MultiDict[str, str] = g.sent_form
    return found


def check(*, of_account: bool) -> None:
    """Raises FormNotOurs unless the form has this browser's token.

    OtherAccount when it changes something `of_account`, and was made for another one than the pages now show.
    """
    given = sent().get(TOKEN, "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        raise FormNotOurs
    if of_account and sent().get(ACCOUNT, "") != current_account():
        raise OtherAccount


def current_account() -> str:
    """Returns the id of the account that the pages show, as forms carry it."""
    account = g.signed_in.account_id if "signed_in" in g else None
    return str(account or "")


def is_resumed() -> bool:
    """Returns whether the form comes back from the page that held it: it is shown again, and nothing is changed."""
    return RESUME in sent()


def page_of_form() -> str:
    """Returns the page that the form is on."""
    return own_address(sent().get(PAGE))


def own_address(given: str | None) -> str:
    """Returns the address if it is one of the console's pages, and else the first page: nothing leads elsewhere."""
    return given if given and _OWN_ADDRESS.fullmatch(given) else START


def lead_to(address: str) -> Response:
    """Returns the answer that leads a browser to one of our pages, after a form has changed something."""
    # Not `redirect`, which also writes a page that our policy does not know.
    return Response(status=303, headers={"Location": address})


def sent_form() -> Held | None:
    """Returns the form that the request came with; None if it came with none."""
    if request.method != "POST":
        return None
    fields = tuple((name, value) for name, value in sent().items(multi=True) if name not in _OURS)
    resumes = request.endpoint in RESUMING
    return Held(own_address(request.path), page_of_form(), sent().get(ACCOUNT, ""), fields, resumes)


def held_form() -> Held | None:
    """Returns the form that the page for signing in holds; None if it holds none that can be read."""
    try:
        action, page, account, fields, resumes = json.loads(sent().get(HELD, "null"))
        pairs = tuple((str(name), str(value)) for name, value in fields)
    except (ValueError, TypeError, RecursionError):
        return None
    return Held(own_address(str(action)), own_address(str(page)), str(account), pairs, resumes is True)


def before(stored: Mapping[str, str]) -> dict[str, str]:
    """Returns what these fields had when the form was made: what is `stored`, unless a form was sent that says so."""
    return {name: typed(f"{_BEFORE}{name}", value) for name, value in stored.items()}


def is_changed(name: str, value: str) -> bool:
    """Returns whether the field has another value than when the form was made."""
    return value != typed(f"{_BEFORE}{name}")


def typed(name: str, default: str = "") -> str:
    """Returns one field of the form as `dispatch` takes texts: composed characters, lines that end with a newline."""
    value: Any = composed(sent().get(name, default))
    return str(value).replace("\r\n", "\n")
