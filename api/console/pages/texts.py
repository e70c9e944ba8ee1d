"""Stored texts: kept under a name, changed, and taken into campaigns; every version stays on record."""

from flask import Response

from api.console import forms
from api.console.asked import asked_for
from api.console.blueprint import console
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller
from api.http.inputs import Page
from dispatch.errors import DispatchError
from dispatch.texts import stored
from dispatch.texts.stored import TemplateView
from models.states import CHANNELS

FIELDS = ("name", "channel", "body")
VERSIONS = 20


@console.page("/texts")
def stored_texts() -> Response:
    """The stored texts, newest first."""
    return _texts(asked_for(Page))


@console.form("/texts/new", scope="write", resumes=True)
def store_text() -> Response:
    """Stores a text under a name."""
    if forms.is_resumed():
        return _texts(Page())
    try:
        made = stored.create_template(
            caller(), name=forms.typed("name"), body=forms.typed("body"), channel=forms.typed("channel") or None
        )
    except DispatchError as refused:
        return _texts(Page(), refused)
    return forms.lead_to(f"{_address(made.id)}?done=text-stored")


@console.page("/texts/<text_id>")
def one_stored_text(text_id: str) -> Response:
    """A stored text, with what can be changed of it and the versions that it had."""
    return _one(stored.read_template(caller(), id_of(text_id)))


@console.form("/texts/<text_id>", scope="write", resumes=True)
def edit_stored_text(text_id: str) -> Response:
    """Changes the fields that are not as they were when the form was made."""
    shown = stored.read_template(caller(), id_of(text_id))
    if forms.is_resumed():
        return _one(shown)
    typed = {name: forms.typed(name) for name in FIELDS}
    changes = {
        name: value or None if name == "channel" else value
        for name, value in typed.items()
        if forms.is_changed(name, value)
    }
    try:
        stored.edit_template(caller(), shown.id, **changes)
    except DispatchError as refused:
        return _one(shown, refused)
    return forms.lead_to(f"{_address(shown.id)}?done=text-stored")


@console.form("/texts/<text_id>/delete", scope="write")
def delete_stored_text(text_id: str) -> Response:
    """Deletes a stored text with its versions; campaigns keep their copies."""
    stored.delete_template(caller(), id_of(text_id))
    return forms.lead_to(f"{forms.START}/texts?done=text-deleted")


def _texts(asked: Page, refused: DispatchError | None = None) -> Response:
    return page(
        "texts.html",
        refused=refused,
        title="Stored texts",
        found=stored.list_templates(caller(), page=asked.page, page_size=asked.page_size),
        asked=asked,
        typed={name: forms.typed(name) for name in FIELDS},
        channels=CHANNELS,
    )


def _one(shown: TemplateView, refused: DispatchError | None = None) -> Response:
    now = {"name": shown.name, "channel": shown.channel or "", "body": shown.body}
    return page(
        "text.html",
        refused=refused,
        title=shown.name,
        shown=shown,
        typed={name: forms.typed(name, value) for name, value in now.items()},
        was=forms.before(now),
        versions=stored.list_versions(caller(), shown.id, page_size=VERSIONS),
        channels=CHANNELS,
    )


def _address(text_id: int) -> str:
    return f"{forms.START}/texts/{text_id}"
