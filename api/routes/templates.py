"""Stored templates over HTTP."""

from typing import Annotated

from pydantic import Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.audience.text_check import CheckedForView, check_text
from dispatch.formats.view import Channel
from dispatch.texts import stored
from dispatch.texts.stored import TemplateView, VersionView

routes = Routes("templates", __name__, url_prefix="/api/templates")

Body = Annotated[str, Field(description="1 to 2000 characters, with placeholders like {first_name} or an attribute")]


class TemplatePath(Given):
    template_id: PathId


class NewTemplate(Given):
    name: str = Field(description="1 to 200 characters, unique in an account")
    body: Body
    channel: Channel | None = Field(None, description="null: for any channel")


class TemplateChanges(Given):
    """What to change; a field that is left out stays as it is. Another body becomes a new version."""

    name: str | None = None
    body: Body | None = None
    channel: Channel | None = None


class ToValidate(Given):
    body: str
    channel: Channel = "sms"


class Templates(Paged[TemplateView]):
    """One page, newest first."""


class Versions(Paged[VersionView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Store a template",
    answers={201: TemplateView},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewTemplate) -> tuple[TemplateView, int]:
    """The body becomes version 1."""
    return stored.create_template(caller(), **body.model_dump()), 201


@routes.get("", summary="List templates, newest first", answers={200: Templates}, scope="read")
def index(query: Page) -> Paged[TemplateView]:
    """Each with its current version."""
    return paged(stored.list_templates(caller(), page=query.page, page_size=query.page_size), query)


@routes.post(
    "/validate",
    summary="Check a template",
    answers={200: CheckedForView},
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def validate(query: Organization, body: ToValidate) -> CheckedForView:
    """Says whether the text can be used, and what may surprise. If it cannot, the answer says why, with status 200.

    An operator's key that names no account knows no attributes, and counts no one.
    """
    return check_text(caller(), body.body, body.channel)


@routes.get("/<template_id>", summary="Read a template", answers={200: TemplateView}, scope="read")
def read(path: TemplatePath) -> TemplateView:
    """Returns its current version."""
    return stored.read_template(caller(), path.template_id)


@routes.get("/<template_id>/versions", summary="List a template's versions", answers={200: Versions}, scope="read")
def versions(path: TemplatePath, query: Page) -> Paged[VersionView]:
    """Every body that it has had, newest first; a campaign names the version that it copied."""
    found = stored.list_versions(caller(), path.template_id, page=query.page, page_size=query.page_size)
    return paged(found, query)


@routes.patch(
    "/<template_id>",
    summary="Change a template",
    answers={200: TemplateView},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
)
def edit(path: TemplatePath, body: TemplateChanges) -> TemplateView:
    """Campaigns keep the text that they copied."""
    return stored.edit_template(caller(), path.template_id, **body.model_dump(exclude_unset=True))


@routes.delete("/<template_id>", summary="Delete a template", answers={204: None}, scope="write")
def delete(path: TemplatePath) -> tuple[str, int]:
    """Deletes all its versions too; campaigns keep the text that they copied."""
    stored.delete_template(caller(), path.template_id)
    return "", 204
