"""The WhatsApp templates of a provider: read from Meta, so that campaigns can be compared with them."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal

from pydantic import Field

from config.settings import settings
from dispatch.caller import Caller
from dispatch.channels.opening import Sessions, opened
from dispatch.channels.providers import found_provider, own_provider
from dispatch.errors import InvalidRequest, RemoteFailed
from dispatch.formats.view import Time, View
from dispatch.providers import Probe
from dispatch.providers.whatsapp_cloud import WhatsappCloud
from dispatch.providers.whatsapp_templates import ReadTemplate
from dispatch.texts.approved import FillableButton, fillable
from models.database import db
from models.providers.approved_template import ApprovedTemplate

Templates = list[ReadTemplate] | Probe


class ApprovedTemplateView(View):
    """A template as Meta had it when it was read, in one language; `status` is Meta's word."""

    name: str
    language: str
    status: str
    read_at: Time


class TemplatesView(View):
    """The templates of a provider, by name and language; campaigns are compared with them when they are saved."""

    provider_id: int
    templates: list[ApprovedTemplateView]


class OfferedTemplateView(View):
    """A template that the account's campaigns may name, with what each of them fills it with."""

    name: str
    language: str
    status: str
    text: str
    parameters: list[str] = Field(description="of the text, in their order: their names, or their numbers")
    header: Literal["text", "image", "video", "document"] | None = Field(description="what fills the header")
    header_text: str
    buttons: list[FillableButton]


def read_templates(
    caller: Caller, provider_id: int, *, run: Callable[[Coroutine[Any, Any, Templates]], Templates]
) -> TemplatesView:
    """Reads which templates Meta has of a provider of kind whatsapp_cloud; `run` runs a coroutine to its end.

    Only the account's own, or for operators any. InvalidRequest when it is of another kind or does not know its
    business account; RemoteFailed, and those read before stay, when Meta does not list them.
    """
    provider = own_provider(caller, provider_id, ask="to read its templates")
    chosen = settings()
    sessions = Sessions(connections=1, timeout=chosen.provider_timeout_sec)
    kind = opened(provider, sessions, chosen)
    if not isinstance(kind, WhatsappCloud) or not kind.knows_business_account:
        raise InvalidRequest(
            "Templates are read through a provider of kind whatsapp_cloud with business_account_id; add one with it."
        )
    found = run(_read(kind, sessions))
    if isinstance(found, Probe):
        raise RemoteFailed(found.text)
    with db.atomic():
        ApprovedTemplate.replace_all(provider.id, found)
        caller.note("provider.templates_read", provider.id, account_id=provider.account_id, templates=len(found))
    return list_templates(caller, provider.id)


def list_templates(caller: Caller, provider_id: int) -> TemplatesView:
    """Returns the templates of a provider as they were last read; none before the first time."""
    provider = found_provider(caller, provider_id)
    found = [ApprovedTemplateView.model_validate(each) for each in ApprovedTemplate.of(provider.id)]
    return TemplatesView(provider_id=provider.id, templates=found)


def list_offered(caller: Caller, *, limit: int = 200) -> list[OfferedTemplateView]:
    """Returns the templates of the providers on the account's WhatsApp route, as they were last read from Meta.

    The first so many, by name and language; a campaign may name any.
    """
    return [
        OfferedTemplateView(
            name=each.name, language=each.language, status=each.status, **fillable(each.described)._asdict()
        )
        for each in ApprovedTemplate.on_route(caller.one_account(), limit=limit)
    ]


async def _read(kind: WhatsappCloud, sessions: Sessions) -> Templates:
    try:
        return await kind.templates()
    finally:
        await sessions.close()
