"""Templates that WhatsApp has approved, as a campaign names them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from dispatch.errors import InvalidRequest
from dispatch.providers.kinds import KINDS
from dispatch.texts.approved import differences, named_as
from dispatch.texts.components import Components, WhatsappButton, WhatsappHeader, checked_components
from dispatch.texts.template import compile_template
from models.providers.approved_template import ApprovedTemplate
from models.providers.route import Route
from models.row import JsonObject

# A name of Meta's, or the ContentSid of Twilio.
_NAME = re.compile(r"[A-Za-z0-9_]{1,512}")
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")


class NamedTemplate(NamedTuple):
    """What is stored of a campaign's template; None for a campaign without one."""

    whatsapp_template: str | None = None
    whatsapp_language: str | None = None
    #: What fills its header and buttons, and the names of its parameters (JSON).
    whatsapp_components: JsonObject | None = None


def checked_tracking(track_links: bool, whatsapp_template: str | None) -> bool:
    """Returns whether links are tracked; InvalidRequest with a template, whose text is sent as it was approved."""
    if track_links and whatsapp_template is not None:
        raise InvalidRequest(
            "track_links does not go with whatsapp_template: WhatsApp sends the text that it has approved, with the "
            "addresses in it. Leave one of them out.",
            field="track_links",
        )
    return track_links


def checked_template(
    account_id: UUID,
    name: str | None,
    language: str | None,
    *,
    channel: str,
    header: WhatsappHeader | None,
    buttons: Sequence[WhatsappButton] | None,
    parameters: Sequence[str] | None,
) -> NamedTemplate:
    """Returns the template to store; InvalidRequest when its name or language cannot be right, or the channel is not.

    Whether WhatsApp knows it shows at the first message; the campaign then pauses, and nothing is lost.
    """
    if name is None:
        if language is not None:
            raise InvalidRequest("whatsapp_language goes with whatsapp_template only.", field="whatsapp_language")
        if header or buttons or parameters:
            field = "whatsapp_header" if header else "whatsapp_buttons" if buttons else "whatsapp_parameters"
            raise InvalidRequest(f"{field} goes with whatsapp_template only.", field=field)
        return NamedTemplate()
    if channel != "whatsapp":
        raise InvalidRequest(
            "whatsapp_template goes with the channel whatsapp only; choose that, or set it to null.",
            field="whatsapp_template",
        )
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            "whatsapp_template is the name under which WhatsApp approved it, in letters, digits and _ , like "
            "spring_sale.",
            field="whatsapp_template",
        )
    if language is None or not _LANGUAGE.fullmatch(language):
        raise InvalidRequest(
            "whatsapp_language is the language in which WhatsApp approved the template, like en or en_US.",
            field="whatsapp_language",
        )
    return NamedTemplate(name, language, checked_components(account_id, header, buttons, parameters))


def as_approved(account_id: UUID, named: NamedTemplate, text: str) -> NamedTemplate:
    """Compares the template, and what fills it, with those that were read from the providers on the account's route.

    Returns it as it is stored, with the names that its parameters have there.

    InvalidRequest when none of them has it or can have one of this name, when Meta does not let it be sent, or when
    something does not fit. Nothing else is compared where no templates have been read: what is wrong then shows at the
    first message.
    """
    name, language = named.whatsapp_template, named.whatsapp_language
    if name is None:
        return named
    _check_route(account_id, name)
    if text.strip():
        _check_counted(named, text)
    if not ApprovedTemplate.read_from(account_id):
        return named
    known = ApprovedTemplate.known_to(account_id, name)
    found = next((each for each in known if each.language == language), None)
    again = "`provider templates` reads them again."
    if found is None:
        others = f"; it has it in {', '.join(sorted({each.language for each in known}))}" if known else ""
        field = "whatsapp_language" if known else "whatsapp_template"
        raise InvalidRequest(f"Meta has no template {name} in {language}{others}. {again}", field=field)
    if found.status != "APPROVED":
        raise InvalidRequest(
            f"The template {name} in {language} is {found.status.lower().replace('_', ' ')} at Meta, so it cannot be "
            f"sent. {again}",
            field="whatsapp_template",
        )
    # Before it has a text it is an unfinished draft.
    return _fitting(found, named, text) if text.strip() else named


def _check_route(account_id: UUID, name: str) -> None:
    """Refuses a name that no provider on the account's route can know a template by."""
    kinds = [KINDS[each.kind].settings for each in Route.providers_of(account_id, "whatsapp") if each.kind in KINDS]
    names = {kind.TEMPLATE_NAME for kind in kinds}
    if names and not any(known is None or re.fullmatch(known[0], name) for known in names):
        wanted = " or ".join(sorted(known[1] for known in names if known))
        raise InvalidRequest(
            f"No provider on the route for WhatsApp has a template called {name[:60]}; name it by {wanted}.",
            field="whatsapp_template",
        )


def _check_counted(named: NamedTemplate, text: str) -> None:
    names = Components.of(named.whatsapp_components).parameters
    placeholders = len(compile_template(text).filling)
    if names and len(names) != placeholders:
        raise InvalidRequest(
            f"whatsapp_parameters has {len(names)} names, and the text {placeholders} placeholders; name one for each.",
            field="whatsapp_parameters",
        )


def _fitting(found: ApprovedTemplate, named: NamedTemplate, text: str) -> NamedTemplate:
    filled = Components.of(named.whatsapp_components)
    placeholders = len(compile_template(text).filling)
    wrong = list(differences(found.described, parameters=placeholders, components=filled))
    if wrong:
        field = {"template": "base_template"}.get(wrong[0][0], wrong[0][0])
        said = " ".join(sentence for _, sentence in wrong)
        raise InvalidRequest(f"The template {found.name} in {found.language} does not fit: {said}", field=field)
    return named._replace(whatsapp_components=named_as(found.described, filled).stored())
