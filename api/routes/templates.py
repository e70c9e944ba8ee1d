"""Stored templates over HTTP."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId
from api.http.pages import Pagination, page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas import Channel
from dispatch.texts import stored
from dispatch.texts.check import check_template

routes = Routes("templates", __name__, url_prefix="/api/templates")

Shown = dict[str, Any]
Body = Annotated[str, Field(description="1 to 2000 characters, with placeholders like {first_name}")]


class TemplatePath(Given):
    template_id: PathId


class NewTemplate(Given):
    name: str = Field(description="1 to 200 characters, given once in an account")
    body: Body
    channel: Channel | None = Field(None, description="null: for any channel")


class TemplateChanges(Given):
    """What is left out stays; another body is another version."""

    name: str | None = None
    body: Body | None = None
    channel: Channel | None = None


class ToValidate(Given):
    body: str
    channel: Channel = "sms"


class Template(BaseModel):
    """A template as shown."""

    id: int
    account_id: UUID
    name: str
    channel: Channel | None
    body: str
    version: int
    placeholders: list[str]
    created_at: datetime
    updated_at: datetime


class Templates(BaseModel):
    """One page, newest first."""

    data: list[Template]
    pagination: Pagination


class Version(BaseModel):
    version: int
    body: str
    actor: str
    created_at: datetime


class Versions(BaseModel):
    """One page, newest first."""

    data: list[Version]
    pagination: Pagination


class Remark(BaseModel):
    code: Literal["braces", "ucs2", "many_segments", "no_opt_out"]
    message: str


class Checked(BaseModel):
    """All there is to say about a template; encoding and segments are those of the sample."""

    valid: bool
    placeholders: list[str]
    unknown: list[str]
    warnings: list[Remark]
    encoding: Literal["gsm7", "ucs2", "text"] | None
    segments: int | None
    sample: str | None = Field(description="the text of an invented customer")
    problem: str | None = Field(description="what makes it invalid")


@routes.post(
    "",
    summary="Store a template",
    answers={201: Template},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewTemplate) -> tuple[Shown, int]:
    """As its version 1."""
    return stored.create_template(caller(), **body.model_dump()), 201


@routes.get("", summary="List templates, newest first", answers={200: Templates}, scope="read")
def index(query: Page) -> Shown:
    """Each with its present version."""
    found = stored.list_templates(caller(), page=query.page, page_size=query.page_size)
    return page_of(found, query)


@routes.post(
    "/validate",
    summary="Check a template",
    answers={200: Checked},
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def validate(body: ToValidate) -> Shown:
    """Whether it can be used and what may surprise; one that cannot is an answer too, and no refusal."""
    return asdict(check_template(body.body, body.channel))


@routes.get("/<template_id>", summary="Read a template", answers={200: Template}, scope="read")
def read(path: TemplatePath) -> Shown:
    """Its present version."""
    return stored.read_template(caller(), path.template_id)


@routes.get("/<template_id>/versions", summary="List a template's versions", answers={200: Versions}, scope="read")
def versions(path: TemplatePath, query: Page) -> Shown:
    """Every body it has had, newest first; campaigns name the one they copied."""
    found = stored.list_versions(caller(), path.template_id, page=query.page, page_size=query.page_size)
    return page_of(found, query)


@routes.patch(
    "/<template_id>",
    summary="Change a template",
    answers={200: Template},
    refuses=("DUPLICATE",),
    body=True,
    scope="write",
)
def edit(path: TemplatePath, body: TemplateChanges) -> Shown:
    """Campaigns written with it keep the text they copied."""
    changes = body.model_dump(exclude_unset=True)
    return stored.edit_template(caller(), path.template_id, **changes)


@routes.delete("/<template_id>", summary="Delete a template", answers={204: None}, scope="write")
def delete(path: TemplatePath) -> tuple[str, int]:
    """With its versions; campaigns written with it keep the text they copied."""
    stored.delete_template(caller(), path.template_id)
    return "", 204
