"""Finds what looks like a placeholder of another tool, which would reach people as it is written."""

import re
from collections.abc import Iterator

from dispatch.formats.consents import word_of
from dispatch.formats.headers import SYNONYMS

# No one writes these around a word but as a placeholder: Mailchimp, SendGrid, Salesforce, Brevo, Campaign Monitor …
_UNMISTAKABLE = re.compile(
    r"\*\|[^|*\n]{1,60}\|\*|%%?[^\W\d][\w.]*%%?|%\([^\W\d]\w*\)s|\[\[[^\[\]\n]{1,60}\]\]|<<[^<>\n]{1,60}>>|\(\([^()\n]{1,60}\)\)"
    r"|\[%[^%\n]{1,60}%\]|<%[^%\n]{1,60}%>|##[^\W\d]\w*##|@@[^\W\d]\w*@@|__[^\W\d]\w*__"
)
# These are also used for other things, and count only around a name that a customer's field may have.
_AROUND_A_NAME = re.compile(
    r"\[([^\[\]{}\n]{1,60})\]|<([^<>{}\n]{1,60})>|(?<!\w)([#$~|!^])([^\W\d]\w*)\3(?!\w)|\(([^\W\d]\w*_\w+)\)"
    r"|［([^［］\n]{1,60})］|＜([^＜＞\n]{1,60})＞|｛([^｛｝\n]{1,60})｝|(?<!\w)-([^\W\d]\w*_\w+)-(?!\w)|«([^«»\n]{1,60})»|‹([^‹›\n]{1,60})›"
)
# So do @shop_athens and :thumbs_up:, so these count only before or around the name of a field.
_BEFORE_A_NAME = re.compile(r"(?<!\w)[:@$&][^\W\d]\w*[;:@]?")
_NEVER_OPENED = re.compile(r"(?<![\w{])[^\W\d]\w*\}(?!\})")
_AFTER_A_SIGN = re.compile(r"[$#@%]\{\s*(first_name|last_name|phone|location|prefered_product)\s*\}")
_ADDRESS = re.compile(r"https?://\S+")
_BRACES = re.compile(r"\{\{.*?\}\}|\{[^{}]*\}", re.DOTALL)

# What the fields of our customers are called elsewhere, also in files; without spaces and signs, in small letters.
_MEANT = {
    "first_name": "first name yourname customername contactname name nom kundenname",
    "last_name": "last",
    "phone": "phone handy",
    "location": "location city town place ort stadt πόλη ville ciudad città",
    "prefered_product": "preferedproduct preferredproduct product",
}
_FIELD = {word: field for field in ("phone", "first_name", "last_name") for word in SYNONYMS[field]} | {
    word_of(word): field for field, words in _MEANT.items() for word in words.split()
}


def strangers_in(body: str) -> Iterator[tuple[str, str | None]]:
    """Yields each, once, with the placeholder of ours that was probably meant, or None."""
    text = _BRACES.sub("{}", _ADDRESS.sub("", body))
    found: dict[str, str | None] = {}
    for each in _UNMISTAKABLE.finditer(text):
        found[each[0]] = _meant(each[0])
    for each in _AROUND_A_NAME.finditer(text):
        if not any(each[0] in known for known in found) and (_meant(each[0]) or "_" in each[0].strip("[]<>()")):
            found[each[0]] = _meant(each[0])
    for each in _BEFORE_A_NAME.finditer(text):
        if "_" in each[0] and _meant(each[0]) and not any(each[0] in known for known in found):
            found[each[0]] = _meant(each[0])
    for each in _NEVER_OPENED.finditer(text):
        found[each[0]] = _meant(each[0])
    for each in _AFTER_A_SIGN.finditer(body):
        found[each[0]] = each[1]
    yield from found.items()


def _meant(written: str) -> str | None:
    """Returns the field that is called like this, also after a prefix: `*|MERGE:FNAME|*`, `[contact.first_name]`.

    What comes after a comma or a bar is what the other tool writes instead of an empty value.
    """
    name = re.split(r"[,|)]", written.strip("*|%[]<>()#@_$~!^&;«»‹›［］＜＞｛｝{} "))[0]
    return _FIELD.get(word_of(name)) or _FIELD.get(word_of(re.split(r"[.:=]", name)[-1]))
