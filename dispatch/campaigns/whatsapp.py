"""Templates that WhatsApp has approved, as a campaign names them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

import re
from typing import NamedTuple

from dispatch.errors import InvalidRequest

# A name of Meta's, or the ContentSid of Twilio.
_NAME = re.compile(r"[A-Za-z0-9_]{1,512}")
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/supported-languages
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")


class NamedTemplate(NamedTuple):
    """What is stored of a campaign's template; None for a campaign without one."""

    whatsapp_template: str | None
    whatsapp_language: str | None


def checked_template(name: str | None, language: str | None, *, channel: str) -> NamedTemplate:
    """Returns the template to store; InvalidRequest when its name or language cannot be right, or the channel is not.

    Whether WhatsApp knows it shows at the first message; the campaign then pauses, and nothing is lost.
    """
    if name is None:
        if language is not None:
            raise InvalidRequest("whatsapp_language goes with whatsapp_template only.", field="whatsapp_language")
        return NamedTemplate(None, None)
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
    return NamedTemplate(name, language)
