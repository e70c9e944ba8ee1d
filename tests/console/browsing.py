"""A browser as far as a test needs one: it keeps cookies, follows forms, and sends what their pages put into them."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from dispatch.accounts.accounts import AccountView
from models.api_key import SCOPES
from tests.factories import a_key


class Form:
    """A form of a page, as it would be sent without anything typed into it."""

    def __init__(self, action: str, method: str) -> None:
        self.action, self.method = action, method
        self.fields: list[tuple[str, str]] = []
        #: What its buttons say, and the field that each adds.
        self.buttons: dict[str, tuple[str, str] | None] = {}

    def __getitem__(self, name: str) -> str:
        return dict(self.fields)[name]


class Page(HTMLParser):
    """What a test reads of a page: its forms, and its text as it is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        self._textarea: str | None = None
        self._select: str | None = None
        self._chosen = self._worded = False
        self._button: dict[str, str | None] | None = None
        self._hidden = 0
        self.feed(html)

    @property
    def text(self) -> str:
        """Returns what is shown, with single spaces."""
        return " ".join(" ".join(self._words).split())

    @property
    def links(self) -> list[str]:
        """Returns where its links lead, in their order."""
        return [given.get("href") or "" for tag, given in self.tags if tag == "a"]

    def form(self, action: str) -> Form:
        """Returns the one form that is sent to this address."""
        [found] = [form for form in self.forms if form.action == action]
        return found

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Notes the tag, and what it adds to its form."""
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag in ("script", "style"):
            self._hidden += 1
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", given.get("method") or "get"))
        elif tag == "input" and self.forms and "name" in given:
            unchecked = given.get("type") in ("checkbox", "radio") and "checked" not in given
            if not unchecked and given.get("type") not in ("file", "submit"):
                usual = "on" if given.get("type") == "checkbox" else ""
                self.forms[-1].fields.append((given["name"] or "", given.get("value", usual) or ""))
        elif tag == "textarea":
            self._textarea = given.get("name")
            self.forms[-1].fields.append((self._textarea or "", ""))
        elif tag == "select":
            self._select, self._chosen = given.get("name"), False
        elif tag == "option" and self._select:
            fields, value = self.forms[-1].fields, given.get("value")
            if "selected" in given or not self._chosen:
                if self._chosen:
                    fields.pop()
                self._chosen = True
                # An option without a value is sent as its words, which follow.
                fields.append((self._select, value or ""))
                self._worded = value is None
        elif tag == "button":
            self._button = given

    def handle_endtag(self, tag: str) -> None:
        """Ends what the tag began."""
        if tag in ("script", "style"):
            self._hidden -= 1
        if tag == "textarea":
            self._textarea = None
        if tag == "select":
            self._select = None
        if tag == "option":
            self._worded = False
        if tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        """Notes text, or what a field contains."""
        if self._textarea is not None:
            name, value = self.forms[-1].fields.pop()
            self.forms[-1].fields.append((name, (value + data).removeprefix("\n") if not value else value + data))
            return
        if self._worded and self._select:
            self.forms[-1].fields[-1] = (self._select, data.strip())
        if self._button is not None and self.forms:
            name = self._button.get("name")
            self.forms[-1].buttons[data.strip()] = (name, self._button.get("value") or "") if name else None
        if not self._hidden:
            self._words.append(data)


class Browser:
    """One browser: its cookies, and the page that it shows."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.answer: TestResponse
        self.page: Page

    def get(self, path: str, **options: Any) -> Page:
        """Opens an address and follows where it leads."""
        return self._shown(self.client.get(path, follow_redirects=True, **options))

    def send(
        self,
        action: str,
        typed: Mapping[str, str | Sequence[str]] = {},
        *,
        button: str | None = None,
        follow: bool = True,
    ) -> Page:
        """Sends the form of the page that goes to this address, with what is typed into it."""
        form = self.page.form(action)
        fields = [each for each in form.fields if each[0] not in typed]
        for name, value in typed.items():
            fields += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        if button is not None and (added := form.buttons[button]):
            fields.append(added)
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return self._shown(self.client.post(action, data=data, follow_redirects=follow))

    def press(self, words: str) -> Page:
        """Sends the form of the page whose one button says this."""
        [form] = [form for form in self.page.forms if list(form.buttons) == [words]]
        return self._shown(self.client.post(form.action, data=dict(form.fields), follow_redirects=True))

    def send_filters(self, action: str, **typed: str) -> Page:
        """Sends the form of the page that filters what it shows."""
        return self._shown(self.client.get(action, query_string=dict(self.page.form(action).fields) | typed))

    def sign_in(self, account: AccountView | None, *, scopes: Sequence[str] = SCOPES) -> Page:
        """Signs in with a key of the account, or of an operator."""
        self.get("/console/sign-in")
        return self.send("/console/sign-in", {"key": a_key(account, scopes=scopes)})

    @property
    def status(self) -> int:
        """Returns the status of the last answer."""
        return self.answer.status_code

    def _shown(self, answer: TestResponse) -> Page:
        self.answer, self.page = answer, Page(answer.text)
        return self.page
