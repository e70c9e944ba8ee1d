"""Reads the templates of a WhatsApp Business account from Meta.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from dispatch.providers import Answer, Probe
from dispatch.providers.http import get, short_word
from dispatch.providers.receipts import dicts
from models.row import JsonObject

if TYPE_CHECKING:
    import aiohttp

# A page has to fit in what is read of an answer, and a template has up to some thousand characters.
_PAGE, _MOST_PAGES = 10, 600
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_STATUS = re.compile(r"[A-Z_]{1,40}")


class ReadTemplate(NamedTuple):
    """A template as Meta has it, in one language."""

    name: str
    language: str
    #: Meta's word: APPROVED, PENDING, PAUSED and others.
    status: str
    described: JsonObject


async def read_templates(
    http: "aiohttp.ClientSession", account_url: str, headers: Mapping[str, str]
) -> list[ReadTemplate] | Probe:
    """Returns all templates of the business account, or why they cannot be read."""
    found: list[ReadTemplate] = []
    query = {"fields": "name,language,status,parameter_format,components", "limit": str(_PAGE)}
    for _ in range(_MOST_PAGES):
        reply = await get(http, f"{account_url}/message_templates?{urlencode(query)}", headers)
        if isinstance(reply, Answer):
            return Probe(False, f"Meta cannot be reached ({reply.error_code}).")
        if reply.status != 200 or not isinstance(reply.document.get("data"), list):
            return Probe(False, f"Meta does not list the templates of business_account_id (status {reply.status}).")
        found += [template for each in dicts(reply.document, "data") if (template := _template(each))]
        paging = reply.document.get("paging")
        cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
        after = short_word(cursors.get("after")) if isinstance(cursors, dict) else None
        if after is None:
            return found
        query["after"] = after
    return found


def _template(item: JsonObject) -> ReadTemplate | None:
    name, language, status = (_text(item.get(field)) for field in ("name", "language", "status"))
    if not (_NAME.fullmatch(name) and _LANGUAGE.fullmatch(language) and _STATUS.fullmatch(status)):
        return None
    described: JsonObject = {field: item.get(field) for field in ("parameter_format", "components")}
    return ReadTemplate(name, language, status, described) if _can_be_stored(described) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _can_be_stored(described: JsonObject) -> bool:
    try:
        text = json.dumps(described, ensure_ascii=False, allow_nan=False)
        return b"\0" not in text.encode().replace(b"\\u0000", b"\0")
    except ValueError:  # a surrogate, or a number that JSON does not have
        return False
