"""Every refusal of the console as a page, with the status and in the words that the API has for it."""

from flask import Response, g, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from api.console import forms
from api.console.rendering import page
from api.http.bad_input import refuse_input
from api.http.errors import NotSignedIn, answer_to
from dispatch.errors import DispatchError

_NOWHERE = ("RESOURCE_NOT_FOUND", "CAMPAIGN_NOT_FOUND", "CUSTOMER_NOT_FOUND", "METHOD_NOT_ALLOWED")
# What people read instead of what is said to programs.
_WORDS = {
    "METHOD_NOT_ALLOWED": "No page can be used like this; go back, and use the links and buttons there.",
    "PAYLOAD_TOO_LARGE": "That is larger than what can be taken at once. Nothing was changed; send it in parts.",
    "INTERNAL": "Something failed here, and the logs say why. Try again; if it fails again, tell those who run this "
    "the number of the request below.",
}


def refused(problem: Exception) -> BaseResponse:
    """Returns the page that says what went wrong, and holds what was typed."""
    if isinstance(problem, ValidationError):
        problem = _in_words(problem)
    answer = answer_to(problem)
    error = answer.get_json(silent=True)
    if not isinstance(error, dict):
        return answer
    held = forms.sent_form()
    if request.endpoint == "console.begin":
        shown = ask_for_key(error["error"]["message"], held=forms.held_form(), leads_to=forms.page_of_form())
    elif isinstance(problem, NotSignedIn):
        ended = "Your session has ended, and nothing was changed. Sign in to go on." if held else None
        shown = ask_for_key(ended, held=held, leads_to=_asked_for())
    else:
        shown = page(
            "refused.html",
            title="Nothing is here" if error["error"]["code"] in _NOWHERE else "This did not work",
            message=_WORDS.get(error["error"]["code"], error["error"]["message"]),
            code_shown=error["error"]["code"],
            request_id=error["requestId"],
            held=held if held and held.resumes and "signed_in" in g else None,
        )
    shown.status_code = answer.status_code
    for name in ("Retry-After", "Allow"):
        if name in answer.headers:
            shown.headers[name] = answer.headers[name]
    if isinstance(problem, NotSignedIn):
        shown.headers["WWW-Authenticate"] = problem.challenge
    return shown


def ask_for_key(message: str | None = None, *, held: forms.Held | None = None, leads_to: str = forms.START) -> Response:
    """Returns the page to sign in on, which holds what was typed before and leads back to it."""
    return page("sign_in.html", title="Sign in", message=message, held=held, leads_to=leads_to)


def _asked_for() -> str:
    """Returns the page to show after signing in."""
    if request.method == "POST":
        return forms.page_of_form()
    return forms.own_address(request.full_path.rstrip("?"))


def _in_words(problem: ValidationError) -> DispatchError:
    try:
        refuse_input(problem)
    except DispatchError as refusal:
        return refusal
    raise AssertionError("refuse_input always raises")
