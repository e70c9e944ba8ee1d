"""The GSM 7-bit alphabet (3GPP TS 23.038), in which a segment of an SMS holds 160 characters instead of 70."""

import re

# TS 23.038, 6.2.1 and 6.2.1.1; the escape character itself is not part of a text.
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = "\f^{}\\[~]|€"

OUTSIDE_GSM = re.compile(f"[^{re.escape(GSM_BASIC + GSM_EXTENSION)}]")


def needs_unicode(text: str) -> bool:
    """Returns whether one of its characters makes the whole text UCS-2."""
    return OUTSIDE_GSM.search(text) is not None
