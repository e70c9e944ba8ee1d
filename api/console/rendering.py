"""Renders the templates of the console, each within the frame that shows who is signed in and what they may do."""

from typing import Any

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.console import forms, sentences, words
from api.console.assets import asset
from api.console.navigation import MENU
from api.console.sessions import csrf_token
from api.http.errors import STATUS
from dispatch.counting import counted
from dispatch.doctor.refusals import in_words
from dispatch.errors import DispatchError
from models.console.session import SignedIn

_TEMPLATES = Environment(
    loader=PackageLoader("api.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"number": words.number, "counted": counted, "refusal": in_words}
_TEMPLATES.globals |= {"asset": asset, "bar": words.bar, "done": words.done, "page_count": words.pages}

_TEMPLATES.globals |= {
    "actor": sentences.actor,
    "movement": sentences.movement,
    "plain": sentences.plain,
    "prose": sentences.prose,
    "signed": sentences.signed,
    "spaced": sentences.spaced,
}

# What a page says after a form changed something and led to it, by the parameter `done` of its address.
DONE = {
    "signed-out": "You are signed out.",
    "import-cancelled": "The import is stopped; what it has imported stays.",
    "import-deleted": "The record of the import is deleted.",
    "segment-saved": "The segment is saved.",
    "segment-deleted": "The segment is deleted.",
    "schedule-paused": "The schedule is paused.",
    "schedule-resumed": "The schedule runs again, from its next time on.",
    "schedule-cancelled": "The schedule has ended.",
    "customer-added": "The customer is added.",
    "customer-saved": "The customer is saved.",
    "customer-deleted": "The customer is deleted.",
    "suppressed": "Nothing is sent to this number any more.",
    "unsuppressed": "This number may be messaged again.",
    "on-list": "The customer is on the list.",
    "off-list": "They are off the list.",
    "text-stored": "The text is stored.",
    "text-deleted": "The text is deleted; campaigns keep their copies.",
    "list-made": "The list is made.",
    "list-saved": "The list is renamed.",
    "list-deleted": "The list is deleted; its customers stay.",
    "account": "You now work for this account.",
    "started": "The campaign has started.",
    "retried": "This is a campaign of its own, which sends to those people again. It has started.",
    "rest": "This is a campaign of its own, for those who joined since. It has started.",
    "winner": "This is a campaign of its own, which sends the text to those who were held back. It has started.",
    "rule-ended": "Nothing is sent to those who were held back until someone chooses their text.",
    "none-sent": "Those who were held back get none of the texts.",
    "approved": "You have approved the campaign as it is.",
    "paused": "The campaign is paused. Messages in flight are finished; no others are sent.",
    "resumed": "The campaign goes on where it was paused.",
    "cancelled": "The campaign is cancelled.",
    "unscheduled": "The campaign is a draft again and does not start by itself.",
    "copied": "This is the copy, a draft.",
    "deleted": "The draft is deleted.",
    "accepted": "Those messages are taken for sent.",
    "saved": "The campaign is saved.",
    "scheduled": "The campaign is scheduled.",
    "recurring": "The campaign is saved and starts by itself, again and again.",
    "tested": "This is the test, a campaign of its own. It has started.",
}


def page(template: str, *, refused: DispatchError | None = None, **values: Any) -> Response:
    """Returns the page; a refusal that it shows sets its status, and is its `problem` unless that is given."""
    shown = {"problem": refused.message if refused else None} | values
    response = Response(render(template, **shown), mimetype="text/html")
    if refused:
        response.status_code = STATUS[refused.code]
    return response


def render(template: str, **values: Any) -> str:
    """Returns the text of a template with what every template may use."""
    signed_in: SignedIn | None = g.get("signed_in")
    scopes = frozenset(signed_in.scopes) if signed_in else frozenset()
    zone = signed_in.account_zone if signed_in else None
    return _TEMPLATES.get_template(template).render(
        signed_in=signed_in,
        may=scopes.__contains__,
        menu=[entry for entry in MENU if entry.scope in scopes and signed_in and signed_in.account_id],
        moment=lambda value: words.moment(value, zone),
        moment_in=words.moment,
        to_the_second=lambda value: words.to_the_second(value, zone),
        as_written=words.as_written,
        zone=zone or "UTC",
        token=csrf_token(),
        account=forms.current_account(),
        done_message=DONE.get(request.args.get("done", "")),
        form_fields=forms,
        **{"here": _here()} | values,
    )


def _here() -> str:
    """Returns the page that the forms of this answer are on: that of a form which is shown again, or this one."""
    if request.method == "POST":
        return forms.page_of_form()
    return forms.own_address(request.full_path.rstrip("?"))
