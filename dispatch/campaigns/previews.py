"""What a campaign would say and to whom, were it started now; nothing is written.

Once it is started the texts are frozen in its messages, and those are what is sent; a preview still answers for now.
"""

from math import ceil
from typing import Any

from dispatch.audience import members
from dispatch.audience.filter import as_json, read_filter
from dispatch.audience.members import Audience
from dispatch.audience.segments import read_segment
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import CustomerNotFound, MissingCustomerId, NoMessageText, NoTargetAudience
from dispatch.formats.checks import can_be_id
from dispatch.texts.check import named_character
from dispatch.texts.sms import measure_for
from dispatch.texts.template import CUSTOMER_FIELDS, CompiledTemplate, compile_template
from models.campaign import Campaign
from models.database import row

MOST_SHOWN = 50
SAMPLE = 10
# The total of a larger audience is estimated from its first so many: rendering them takes milliseconds.
ESTIMATED_FROM = 1000

_CUSTOMER = ("id", "first_name", "last_name", "phone", "location", "prefered_product")


def personalized_preview(
    caller: Caller, campaign_id: int, customer_id: int | None, *, override_template: str | None = None
) -> dict[str, Any]:
    """The text one customer of the campaign's account would get, by its template or by another given instead."""
    campaign = get_campaign(caller, campaign_id)
    if not customer_id:
        raise MissingCustomerId(field="customer_id")
    customer = row(
        f"SELECT {', '.join(_CUSTOMER)} FROM customer WHERE account_id = %s AND id = %s",
        [campaign.account_id, customer_id if can_be_id(customer_id) else None],
    )
    if customer is None:
        raise CustomerNotFound
    used = override_template or campaign.template
    return {
        "rendered_message": compile_template(used).render(customer),
        "used_template": used,
        "customer": {field: value for field, value in customer.items() if value is not None},
    }


def preview_messages(caller: Caller, campaign_id: int, *, first: int = SAMPLE) -> dict[str, Any]:
    """The first messages as they would be sent, each with its price, and an estimate of what all would cost."""
    campaign = _with_audience(caller, campaign_id)
    if not campaign.template.strip():
        raise NoMessageText
    template = compile_template(campaign.template)
    people = members.page_of(Audience.of(campaign), tuple(CUSTOMER_FIELDS), after=0, limit=ESTIMATED_FROM)
    messages = [_message(campaign.channel, template, person) for person in people]
    return {
        "campaign_id": campaign.id,
        "channel": campaign.channel,
        "template": campaign.template,
        "messages": messages[: min(max(first, 1), MOST_SHOWN)],
        "estimate": _estimate(messages, members.size_of(Audience.of(campaign))),
    }


def preview_audience(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """How many would get the campaign, ten of them, and how many would not and why."""
    return _people(Audience.of(get_campaign(caller, campaign_id)))


def preview_segment(caller: Caller, segment_id: int) -> dict[str, Any]:
    """How many a campaign for this segment would reach, ten of them, and how many not and why."""
    segment = read_segment(caller, segment_id)
    return preview_filter(caller, segment["filter"])


def preview_filter(caller: Caller, filter: object) -> dict[str, Any]:
    """The same for a filter that is not stored."""
    return _people(
        Audience(
            account_id=caller.one_account(),
            campaign_id=None,
            kind="segment",
            segment_filter=as_json(read_filter(filter)),
        )
    )


def _message(channel: str, template: CompiledTemplate, person: dict[str, Any]) -> dict[str, Any]:
    text = template.render(person)
    encoding, segments, first_ucs2 = measure_for(channel, text)
    return {
        "customer_id": person["id"],
        "phone": person["phone"],
        "text": text,
        "encoding": encoding,
        "segments": segments,
        "forces_ucs2": named_character(first_ucs2).model_dump() if first_ucs2 else None,
        "cost": 0 if person["opted_out"] else segments,
        "skipped": "opted_out" if person["opted_out"] else None,
    }


def _estimate(messages: list[dict[str, Any]], size: members.AudienceSize) -> dict[str, Any]:
    """What all would cost: counted when all were rendered, else in proportion to those that were."""
    counted = [message["cost"] for message in messages if message["cost"]]
    exact = len(messages) == size.total
    average = sum(counted) / len(counted) if counted else 1
    return {
        "recipients": size.reachable,
        "credits": sum(counted) if exact else ceil(average * size.reachable),
        "exact": exact,
    }


def _people(audience: Audience) -> dict[str, Any]:
    size = members.size_of(audience)
    first = members.page_of(audience, _CUSTOMER, after=0, limit=ESTIMATED_FROM)
    reached = [person for person in first if not person["opted_out"]][:SAMPLE]
    return {
        "count": size.reachable,
        "sample": [{field: person[field] for field in _CUSTOMER} for person in reached],
        "excluded": {
            "opted_out": size.total - size.reachable + members.left_out_of(audience),
            # A customer's number was read when it came in, and an account has it once: the table allows nothing else.
            "invalid_number": 0,
            "duplicate": 0,
        },
    }


def _with_audience(caller: Caller, campaign_id: int) -> Campaign:
    campaign = get_campaign(caller, campaign_id)
    if campaign.audience_kind is None:
        raise NoTargetAudience
    return campaign
