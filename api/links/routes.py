"""What the links in messages lead to: a page that ends messages with one button, or an address of the text.

Opening a link that ends messages changes nothing, because previews and scanners open every link; only the button does.
"""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from api.http.connection import connect
from api.http.errors import answer_to
from api.http.limits import LINKS
from api.http.rules import RouteRules
from api.links.pages import NOT_INDEXED, page
from dispatch.errors import NotFound
from dispatch.links.clicks import target_of
from dispatch.links.opt_outs import opt_in_again, opt_out, recipient_of
from models.customers.suppression import BY_LINK
from models.messages.linked import Recipient

blueprint = Blueprint(LINKS, __name__)

# What people read instead of what is said to programs.
_WORDS = {
    "PAYLOAD_TOO_LARGE": "The body is larger than what the button of this page sends. Nothing was changed.",
    "INTERNAL": "Something failed here. Try again later.",
}
#: A button posts one short field.
MOST_BYTES = 4096
RULES = {name: RouteRules("read", most_bytes=MOST_BYTES) for name in ("links.ask", "links.stop", "links.follow")}


@blueprint.get("/u/<code>")
def ask(code: str) -> Response:
    """Asks whether to end the messages; changes nothing."""
    connect()
    recipient = recipient_of(code)
    return _ended(recipient) if recipient.suppressed_by is not None else _going_on(recipient)


@blueprint.post("/u/<code>")
def stop(code: str) -> Response:
    """Ends the account's messages to the number, or has them again; it is committed when this answers."""
    connect()
    if request.form.get("again") != "1":
        return _ended(opt_out(code))
    recipient = opt_in_again(code)
    if recipient.suppressed_by is not None:
        return _ended(recipient)
    return _going_on(recipient, f"You get messages from {recipient.account_name} again")


@blueprint.get("/l/<code>")
def follow(code: str) -> Response:
    """Leads to where the text of the campaign led; a browser does not tell that page which link it was."""
    connect()
    target = target_of(code, method=request.method, headers=dict(request.headers))
    return Response(status=302, headers={"Location": target, **NOT_INDEXED})


@blueprint.errorhandler(Exception)
def refused(problem: Exception) -> BaseResponse:
    """Answers people with a page, whatever went wrong, with the status that programs would get."""
    answer = answer_to(problem)
    error = answer.get_json(silent=True)
    if not isinstance(error, dict):
        return answer
    code, message = error["error"]["code"], error["error"]["message"]
    title = "Nothing is here" if isinstance(problem, NotFound) else "This did not work"
    shown = page(title, _WORDS.get(code, message))
    shown.status_code = answer.status_code
    if "Retry-After" in answer.headers:
        shown.headers["Retry-After"] = answer.headers["Retry-After"]
    return shown


def _going_on(recipient: Recipient, title: str | None = None) -> Response:
    return page(
        title or f"Messages from {recipient.account_name}",
        f"They go to your number that ends in {_last_digits(recipient)}.",
        action="Stop these messages",
    )


def _ended(recipient: Recipient) -> Response:
    # What was not done with a link, such as a complaint or a STOP in a text, is not taken back with one.
    undo = recipient.suppressed_by == BY_LINK
    return page(
        f"You get no more messages from {recipient.account_name}",
        f"Your number that ends in {_last_digits(recipient)} is not messaged any more.",
        action="Undo" if undo else None,
        again=undo,
    )


def _last_digits(recipient: Recipient) -> str:
    return recipient.phone[-3:]
