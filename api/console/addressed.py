"""Who a campaign is for, as its page says it: the parts of its audience by name, with their addresses."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from api.console import forms
from api.console.campaign_form.choices import Choice, named_list, named_segment
from dispatch.campaigns.view import AudienceView, PartsView
from dispatch.counting import counted


class Part(NamedTuple):
    """A list, a segment or other people; `address` is that of its page, if it has one."""

    words: str
    name: str = ""
    address: str | None = None


class Addressed(NamedTuple):
    """Who gets the campaign, and who of these does not."""

    included: list[Part]
    excluded: list[Part]
    #: The conditions of a remote audience, as JSON.
    conditions: str = ""


def addressed(audience: AudienceView | None) -> Addressed | None:
    """Returns who the audience is; None for none, and for numbers that were chosen from another campaign."""
    match audience:
        case None | AudienceView(kind="numbers"):
            return None
        case AudienceView(kind="everyone"):
            return Addressed([Part("everyone who is subscribed")], [])
        case AudienceView(kind="customers"):
            return Addressed([Part(counted(audience.customers, "chosen customer"))], [])
        case AudienceView(kind="remote"):
            return Addressed([Part("users of user-service")], [], json.dumps(audience.conditions, ensure_ascii=False))
        case AudienceView(kind="list"):
            return Addressed(_lists([audience.list_id]), [])
        case AudienceView(kind="segment"):
            return Addressed(_segments([audience.segment_id]), [])
    return Addressed(_parts(audience.include), _parts(audience.exclude))


def _parts(parts: PartsView | None) -> list[Part]:
    if parts is None:
        return []
    everyone = [Part("everyone who is subscribed")] if parts.everyone else []
    return everyone + _lists(parts.lists) + _segments(parts.segments)


def _lists(ids: Iterable[int | None]) -> list[Part]:
    return [_part("the list", named_list(each), "lists") for each in ids if each]


def _segments(ids: Iterable[int | None]) -> list[Part]:
    return [
        _part("the segment", named_segment(each), "segments") if each else Part("a deleted segment") for each in ids
    ]


def _part(kind: str, found: Choice, path: str) -> Part:
    return Part(kind, found.name, None if found.is_gone else f"{forms.START}/{path}/{found.id}")
