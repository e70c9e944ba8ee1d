"""Who an audience would reach now: how many, some of them, and how many are excluded; nothing is written."""

from itertools import islice
from uuid import UUID

from pydantic import Field

from dispatch.audience import members
from dispatch.audience.filter import Group
from dispatch.audience.filter_account import FilterWarningView, fit
from dispatch.audience.gaps import Reach, reach_of
from dispatch.audience.members import Audience
from dispatch.audience.part_counts import CombinedCountView, counts_of
from dispatch.audience.segments import read_segment
from dispatch.caller import Caller
from dispatch.formats.view import View
from dispatch.texts.filters import is_blank
from dispatch.texts.template import CompiledTemplate
from models.messages.parameters import unmarked

SAMPLE = 10
# The sample is taken from this many members: the first ten who have not opted out are nearly always among them.
_SEARCHED = 1000


class PersonView(View):
    """A member of an audience; `id` is null for a phone that belongs to no customer."""

    id: int | None
    first_name: str
    last_name: str
    phone: str
    location: str | None
    prefered_product: str | None


class ExcludedView(View):
    """How many members get no message, by reason."""

    opted_out: int
    not_mobile: int = Field(description="the number is of a kind that gets no texts, such as a landline")
    country_not_allowed: int = Field(
        0,
        exclude_if=lambda people: not people,
        description="an operator lets the account not send to the number's country; left out if there is no one",
    )
    invalid_number: int
    duplicate: int
    blank_text: int = Field(0, description="of a campaign: its text would be blank for them")


class AudiencePreviewView(View):
    """Who would get a campaign now: how many, some of them, and how many are excluded and why."""

    count: int
    sample: list[PersonView]
    excluded: ExcludedView
    phone_types: dict[str, int] = Field(description="how many of all of them have which kind of number")
    combined: CombinedCountView | None = Field(
        None,
        exclude_if=lambda counts: counts is None,
        description="of an audience of several parts: how many people each has; left out for others",
    )


class SegmentPreviewView(AudiencePreviewView):
    """Who a segment selects now, and what may be wrong with its filter."""

    warnings: list[FilterWarningView] = Field(description="attributes in the filter that no customer has")


def preview_segment(caller: Caller, segment_id: int) -> SegmentPreviewView:
    """Returns who a campaign for this segment would reach."""
    segment = read_segment(caller, segment_id)
    return _preview(segment.filter, segment.account_id, segment.warnings)


def preview_filter(caller: Caller, filter: Group) -> SegmentPreviewView:
    """Returns who a campaign for a segment with this filter would reach."""
    account_id = caller.one_account()
    fitted = fit(filter, account_id)
    return _preview(fitted.filter, account_id, fitted.warnings)


def _preview(filter: Group, account_id: UUID, warnings: list[FilterWarningView]) -> SegmentPreviewView:
    frozen = filter.model_dump(mode="json")
    audience = Audience(account_id=account_id, campaign_id=None, kind="segment", segment_filter=frozen)
    return SegmentPreviewView(**dict(preview_of(audience)), warnings=warnings)


def preview_of(audience: Audience, *texts: CompiledTemplate) -> AudiencePreviewView:
    """Returns who this audience would reach, with this text or one of these, if there are any."""
    # Counted only for a text that can be blank, which takes looking at its fields.
    template = texts[0] if texts and all(text.may_be_blank for text in texts) else None
    reach = reach_of(audience, *texts) if template else Reach(members.size_of(audience))
    return AudiencePreviewView(
        count=reach.messages,
        sample=_sample(audience, template),
        excluded=excluded_of(audience, reach),
        phone_types=members.kinds_of(audience),
        combined=counts_of(audience) if audience.kind == "combined" else None,
    )


def excluded_of(audience: Audience, reach: Reach) -> ExcludedView:
    """Returns how many of an audience that was counted get no message, and why."""
    return ExcludedView(
        opted_out=reach.size.opted_out + members.left_out_of(audience),
        not_mobile=reach.size.not_mobile,
        country_not_allowed=reach.size.not_allowed,
        # Always 0: numbers are checked when they come in, and the table allows each once per account.
        invalid_number=0,
        duplicate=0,
        blank_text=reach.blank,
    )


def _sample(audience: Audience, template: CompiledTemplate | None) -> list[PersonView]:
    """Returns the first people who would get a message."""
    fields = (*PersonView.model_fields, *(template.fields if template else ()))
    first = members.page_of(audience, fields, after=0, limit=_SEARCHED)
    reached = (
        person
        for person in first
        if not person["skipped"]
        and not (template and template.may_be_blank and is_blank(unmarked(template.render(person))))
    )
    return [PersonView.model_validate(person) for person in islice(reached, SAMPLE)]
