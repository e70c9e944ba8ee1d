"""What requests about campaigns contain."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from flask import request
from pydantic import AfterValidator, BeforeValidator, Field, Strict

from api.http.inputs import Given, OptionalId, Page, PathId, WholeNumber, ZonedTime, empty_is_absent, or_empty, storable
from dispatch.audience.combined import Combined
from dispatch.audience.conditions import Conditions
from dispatch.campaigns.rules import ChangedSince
from dispatch.campaigns.timing import GRACE_SEC
from dispatch.campaigns.view import Kind, Purpose, Status
from dispatch.errors import InvalidRequest, InvalidStatus
from dispatch.formats.view import Channel
from dispatch.texts.components import WhatsappButton, WhatsappHeader
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.states import CAMPAIGN_KINDS, CAMPAIGN_STATES, CHANNELS, OTHER_WORDS, state_called
from scheduling.draft import Misfire

REVISION = "the only revision to do this with: 409 if the campaign was changed since, as `If-Match` is 412"

_ONE_ETAG = re.compile(r'"([0-9]{1,9})"')


class PreconditionFailed(InvalidStatus):
    """The campaign has another revision than the one in If-Match; read it again and decide."""

    code = "PRECONDITION_FAILED"


@contextmanager
def as_read(named: int | None = None) -> Iterator[int | None]:
    """Yields the only revision that the request may change: that of If-Match, or `named` in its body; None is any.

    A campaign with another one is refused as PreconditionFailed where If-Match asks for that.
    """
    matched = _matched()
    if None not in (matched, named) and matched != named:
        raise InvalidRequest("revision and If-Match are different; send one of them.", field="revision")
    try:
        yield named if matched is None else matched
    except ChangedSince as changed:
        if matched is None:
            raise
        raise PreconditionFailed(changed.message, **changed.details) from None


def _matched() -> int | None:
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    if not (etag := _ONE_ETAG.fullmatch(given)):
        raise InvalidRequest(
            'If-Match is one ETag as an answer had it, like "3", or *; weak ones and lists are refused.',
            field="If-Match",
        )
    return int(etag[1])


class CampaignPath(Given):
    campaign_id: PathId


class CampaignQuery(Page):
    channel: Annotated[Channel | None, BeforeValidator(empty_is_absent), or_empty(CHANNELS)] = None
    status: Annotated[
        Status | None,
        AfterValidator(state_called),
        BeforeValidator(empty_is_absent),
        or_empty([*CAMPAIGN_STATES, *OTHER_WORDS]),
    ] = Field(None, description="`sent` means `completed`")
    kind: Annotated[Kind | None, BeforeValidator(empty_is_absent), or_empty(CAMPAIGN_KINDS)] = None
    parent_id: OptionalId = Field(None, description="only the children of this campaign, such as its occurrences")
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="words of the name, in any case")


class CampaignFields(Given):
    """The fields that a new campaign and changes have in common; at most one names an audience."""

    channel: Channel = "sms"
    base_template: str = Field("", description="up to 2000 characters, with placeholders like {first_name}")
    variants: list[Variant] | None = Field(
        None, description="2 to 4 texts instead of `base_template`, each sent to a share of the audience at random"
    )
    hold_back: WholeNumber = Field(
        0, description="percent of the audience, 0 to 90, who wait for the best of the variants"
    )
    winner_rule: WinnerRule | None = Field(
        None, description="sends these the best of the variants without anyone asking; null: a person does"
    )
    template_id: WholeNumber | None = Field(None, description="copies a stored template instead of `base_template`")
    fold_typography: Annotated[bool, Strict()] = Field(
        False, description="replaces quotes, dashes and the like in an SMS where that saves credits"
    )
    track_links: Annotated[bool, Strict()] = Field(
        False, description="sends the addresses in the text as short links that count clicks"
    )
    whatsapp_template: str | None = Field(
        None, description="the template that WhatsApp approved the text as; its placeholders are the parameters"
    )
    whatsapp_language: str | None = Field(None, description="of the template, like en_US")
    whatsapp_header: WhatsappHeader | None = Field(None, description="what fills the template's header")
    whatsapp_buttons: list[WhatsappButton] | None = Field(
        None, description="what fills those of the template's buttons that have a parameter"
    )
    whatsapp_parameters: list[str] | None = Field(
        None,
        description="names of the text's parameters in the order of its placeholders, for a template whose parameters "
        "have names; as Meta has them if unset, where its templates have been read",
    )
    customer_ids: list[WholeNumber] | None = None
    list_id: WholeNumber | None = None
    segment_id: WholeNumber | None = None
    everyone: Annotated[bool, Strict()] = False
    remote: Conditions | None = Field(None, description="users of the account's business, by user-service")
    combined: Combined | None = Field(None, description="several lists and segments, minus others")
    purpose: Purpose = Field("marketing", description="quiet hours and caps are for marketing only")
    timezone: str | None = Field(None, description="IANA zone of cron_expression and of times without one")
    local_time: str | None = Field(None, description="like 10:00: each person is messaged when their clock shows it")
    send_window: str | None = Field(None, description='by each person\'s own clock, like "Mon-Fri 09:00-18:00"')
    holidays: str | None = Field(None, description="two letters of a country: no one is messaged on its holidays")
    grace_sec: WholeNumber = Field(
        GRACE_SEC, description="one that starts later than this, and than two sweeps take, waits for a decision"
    )


class NewCampaign(CampaignFields):
    """A campaign to create: `scheduled_at` schedules it, `cron_expression` makes it recurring, without it is a draft.

    It has at most one audience.
    """

    name: str = Field(description="1 to 200 characters")
    scheduled_at: ZonedTime | None = Field(
        None, description="in the future; with a zone, or by the clocks of `timezone`"
    )
    expires_at: ZonedTime | None = Field(
        None, description="nothing is sent after this; 24 hours after the start if unset"
    )
    cron_expression: str | None = Field(
        None, description="when an occurrence starts: five fields, or @hourly, @daily, @weekly, @monthly or @yearly"
    )
    max_runs: WholeNumber | None = Field(None, description="how many occurrences there are; no limit if unset")
    misfire: Misfire | None = Field(
        None,
        description="what becomes of an occurrence that is due late, or while an earlier one goes on; skip if unset",
    )


class CampaignChanges(CampaignFields):
    """What to change; a field that is left out stays as it is. An audience replaces the previous one."""

    name: str = Field("", description="1 to 200 characters")
    scheduled_at: ZonedTime | None = Field(None, description="in the future; null makes it a draft again")
    expires_at: ZonedTime | None = Field(None, description="null: 24 hours after the start")
    revision: WholeNumber | None = Field(None, description=REVISION)


class Copy(Given):
    """What to call the copy; the body may be left out."""

    name: str | None = Field(None, description="name of the copy; `Copy of …` if left out")


class Schedule(Given):
    scheduled_at: ZonedTime = Field(
        description="in the future; with an offset, with a zone's name like 2030-01-31T09:00 Europe/Athens, or by the "
        "clocks of `timezone`"
    )


class Recipients(Given):
    customer_ids: list[WholeNumber] = Field(description="at least one")


class Numbers(Given):
    numbers: list[str] = Field(description="1 to 10 numbers, in E.164 or as written in the account's country")


class StartOptions(Given):
    """How a campaign starts; the body may be left out."""

    anyway: Annotated[bool, Strict()] = Field(
        False, description="also while an import is adding people to its audience: those who are there get it"
    )


class EnqueueOptions(StartOptions):
    """How a campaign starts, and which revision of it; the body may be left out."""

    revision: WholeNumber | None = Field(None, description=REVISION)


class Retried(Given):
    """Whom a retry is for: everyone who was not reached or, of these, some; the body may be left out."""

    reason: str | None = Field(None, max_length=200, description="only those whose message has this reason")
    error_code: str | None = Field(
        None, max_length=200, description='only those whose message has this error code; "": none'
    )


class ChosenMessages(Given):
    """Messages of a campaign, by the number after the hyphen of their id."""

    numbers: list[WholeNumber] = Field(description="1 to 1,000")


class ChosenVariant(Given):
    variant: WholeNumber = Field(description="the number of one of the campaign's variants, from 1 on")


class Withheld(Given):
    """Whether anyone still decides; the body may be left out."""

    for_good: Annotated[bool, Strict()] = Field(
        False, description="nobody waits for a text any more; otherwise they wait for a person"
    )


class Approval(Given):
    """The approval of one revision."""

    revision: WholeNumber = Field(description="the revision of the campaign that you have read")
