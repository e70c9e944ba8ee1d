"""The blueprint of the console: its pages and forms say what a key needs, and every request is checked alike."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from api.console import forms
from api.console.assets import KEPT_FOR_GOOD, is_current
from api.console.refusals import refused
from api.console.sessions import set_cookie
from api.http.auth import CONSOLE, OPEN
from api.http.errors import NotSignedIn, answer_to
from api.http.rules import MAX_BODY_BYTES, RouteRules
from models.tenancy import ALL_ACCOUNTS

View = Callable[..., Any]
Decorator = Callable[[View], View]

CHOOSE_ACCOUNT = f"/{CONSOLE}/account"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class Console(Blueprint):
    """Pages (GET) and forms (POST), each with the scope that the key of the person signed in must have."""

    def __init__(self) -> None:
        super().__init__(CONSOLE, __name__, url_prefix=f"/{CONSOLE}", static_folder="static", static_url_path="/static")
        #: By endpoint, as the application knows it: `console.view`.
        self.rules: dict[str, RouteRules] = {}
        self._without_account: set[str] = set()

    def page(
        self, path: str, *, scope: str = "read", passive: bool = False, without_account: bool = False
    ) -> Decorator:
        """A page; `passive` if a browser asks for it by itself, and `without_account` if it may belong to none."""
        return self._registered("GET", path, RouteRules(scope, passive=passive), without_account)

    def form(
        self,
        path: str,
        *,
        scope: str,
        resumes: bool = False,
        most_bytes: int = MAX_BODY_BYTES,
        without_account: bool = False,
    ) -> Decorator:
        """What a form posts; `resumes` if the view also shows the form again, filled with what was typed.

        Such a view asks `forms.is_resumed()` first, and then changes nothing.
        """
        rules = RouteRules(scope, most_bytes=most_bytes)
        return self._registered("POST", path, rules, without_account, resumes=resumes)

    def needs_account(self, endpoint: str) -> bool:
        """Returns whether the view shows what belongs to one account, which an operator has to choose first."""
        return endpoint not in OPEN and endpoint not in self._without_account

    def _registered(
        self, method: str, path: str, rules: RouteRules, without_account: bool, *, resumes: bool = False
    ) -> Decorator:
        def decorate(view: View) -> View:
            endpoint = f"{self.name}.{view.__name__}"
            self.rules[endpoint] = rules
            if without_account:
                self._without_account.add(endpoint)
            if resumes:
                forms.RESUMING.add(endpoint)
            self.add_url_rule(path, view.__name__, view, methods=[method])
            return view

        return decorate


console = Console()
console.register_error_handler(Exception, refused)


@console.app_errorhandler(MethodNotAllowed)
def wrong_method(problem: MethodNotAllowed) -> BaseResponse:
    """Answers with a page in the console, whose error handler is not asked then; elsewhere as ever."""
    of_console = request.path.startswith(f"/{CONSOLE}/") or request.path == f"/{CONSOLE}"
    return protect(refused(problem)) if of_console else answer_to(problem)


@console.before_request
def check() -> Any:
    """Lets a view run for people who are signed in, for one account, and for forms that this console made."""
    endpoint = request.endpoint or ""
    if endpoint not in OPEN and "signed_in" not in g:
        raise NotSignedIn
    if request.method == "POST":
        forms.check(of_account=console.needs_account(endpoint))
        if forms.is_resumed() and endpoint not in forms.RESUMING:
            return forms.lead_to(forms.page_of_form())
    if console.needs_account(endpoint) and g.caller.account is ALL_ACCOUNTS:
        return forms.lead_to(CHOOSE_ACCOUNT)
    return None


@console.after_request
def protect(response: BaseResponse) -> BaseResponse:
    """Lets pages run and show only what comes from here, and sets the browser's cookie."""
    if request.endpoint != f"{CONSOLE}.static":
        response.headers["Content-Security-Policy"] = _POLICY
        set_cookie(response)
    elif is_current((request.view_args or {})["filename"], request.args.get("v")):
        response.headers["Cache-Control"] = KEPT_FOR_GOOD
    return response
