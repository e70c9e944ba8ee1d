"""Templates that WhatsApp has approved, as a campaign names them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from dispatch.errors import InvalidRequest
from dispatch.texts.components import WhatsappButton, WhatsappHeader, checked_components
from models.row import JsonObject

# A name of Meta's, or the ContentSid of Twilio.
_NAME = re.compile(r"[A-Za-z0-9_]{1,512}")
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")


class NamedTemplate(NamedTuple):
    """What is stored of a campaign's template; None for a campaign without one."""

    whatsapp_template: str | None = None
    whatsapp_language: str | None = None
    #: What fills its header and buttons (JSON).
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
) -> NamedTemplate:
    """Returns the template to store; InvalidRequest when its name or language cannot be right, or the channel is not.

    Whether WhatsApp knows it shows at the first message; the campaign then pauses, and nothing is lost.
    """
    if name is None:
        if language is not None:
            raise InvalidRequest("whatsapp_language goes with whatsapp_template only.", field="whatsapp_language")
        if header or buttons:
            field = "whatsapp_header" if header else "whatsapp_buttons"
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
    return NamedTemplate(name, language, checked_components(account_id, header, buttons))
