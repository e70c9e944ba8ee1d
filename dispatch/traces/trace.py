"""Tells the story of one message: who started it, what was called, what came back."""

from collections.abc import Iterator
from datetime import UTC, datetime

from config.settings import settings
from dispatch.caller import Caller
from dispatch.campaigns.messages import message_of
from dispatch.counting import counted
from dispatch.traces.view import Trace, TraceStep
from dispatch.tracing.place import parse
from models.campaigns.campaign import Campaign
from models.messages.message import Message
from models.messages.story import Answered, Batch, Relative, Said, Story, read_story

# What came of a receipt, in words.
_CAME_OF_IT = {
    "applied": "it was applied",
    "nothing_new": "it was nothing new",
    "early": "it came before its message was recorded, and is looked at again",
    "unknown_message": "it named a message that we do not know",
    "too_late": "it came too late to change anything",
    None: "it waits to be applied",
}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def trace_message(caller: Caller, reference: str) -> Trace:
    """Returns what is known of the message `<campaign>-<n>`, in order; NotFound if the caller has no such message."""
    campaign, message = message_of(caller, reference)
    story = read_story(campaign, message)
    steps = [
        *_of_campaign(campaign, story),
        *_of_sending(campaign, message, story),
        *map(_of_receipt, story.receipts),
        *(step for reply in story.replies for step in _of_reply(reply)),
        *_of_person(story),
        *(_of_relative(campaign, each) for each in story.family),
    ]
    place = parse(campaign.traceparent)
    return Trace(
        id=message.id,
        campaign_id=campaign.id,
        state=message.state,
        request_id=campaign.correlation_id,
        trace_id=place.trace_id if place else None,
        steps=_in_order(steps),
    )


def _in_order(steps: list[TraceStep]) -> list[TraceStep]:
    """Returns the steps by their times; one without a time stays behind the step that it was told after."""
    placed: list[tuple[datetime, TraceStep]] = []
    last = _LONG_AGO
    for step in steps:
        last = step.at or last
        placed.append((last, step))
    return [step for _, step in sorted(placed, key=lambda each: each[0])]


def _of_campaign(campaign: Campaign, story: Story) -> Iterator[TraceStep]:
    changes = {change.action for change in story.changes}
    if "campaign.created" not in changes:
        text = f"Campaign {campaign.id} was created"
        text += f" as a follow-up of campaign {campaign.parent_id}." if campaign.parent_id else "."
        yield TraceStep(at=campaign.created_at, event="campaign.created", text=text)
    for change in story.changes:
        done = change.action.partition(".")[2].replace("_", " ")
        text = f"Campaign {campaign.id} was {done} (request {change.request_id or 'unknown'})."
        yield TraceStep(at=change.at, event=change.action, by=_who(change.actor), text=text)


def _of_sending(campaign: Campaign, message: Message, story: Story) -> Iterator[TraceStep]:
    audience = (campaign.audience_kind or "unknown").replace("_", " ")
    size = counted(message.segments, "segment")
    text = f"It was written for audience {audience}, as number {message.n} of {campaign.recipients}, {size} long."
    # Messages are written from the claim on; what a person sees as the start is when all of them are.
    started = [change.at for change in story.changes if change.action == "campaign.started"]
    yield TraceStep(at=started[-1] if started else campaign.started_at, event="message.written", text=text)
    if message.state == "skipped":
        yield TraceStep(at=None, event="message.skipped", text=f"It is not sent: {message.reason}.")
        return
    if story.batch:
        yield from _of_batch(message, story.batch)
    yield from _of_calls(message)


def _of_batch(message: Message, batch: Batch) -> Iterator[TraceStep]:
    if batch.pushed_at:
        text = f"Batch {batch.number} is its batch; its last job was pushed then."
        yield TraceStep(at=batch.pushed_at, event="batch.pushed", text=text)
    elif message.state == "pending" and not batch.in_flight:
        text = f"Batch {batch.number} is its batch, for which no job is queued now."
        yield TraceStep(at=None, event="batch.waits", text=text)
    if batch.in_flight:
        text = f"A worker is calling the provider; its lease ends at {batch.lease_until}."
        yield TraceStep(at=None, event="message.claimed", text=text)


def _of_calls(message: Message) -> Iterator[TraceStep]:
    if message.deferrals:
        text = f"The provider asked {_times(message.deferrals)} to be called later."
        yield TraceStep(at=None, event="message.deferred", by=message.provider, text=text)
    if message.attempts:
        text = f"It was called {_times(message.attempts)}; `batch.worked` in the logs says by which worker and when."
        yield TraceStep(at=None, event="message.called", by=message.provider, text=text)
    if message.sent_at:
        named = f" under the id {message.provider_id}" if message.provider_id else ""
        text = f"The provider took it{named}."
        yield TraceStep(at=message.sent_at, event="message.sent", by=message.provider, text=text)
    if message.not_before and message.state == "pending":
        yield TraceStep(at=None, event="message.waits", text=f"It waits until {message.not_before}.")
    if message.state in ("failed", "unknown", "unconfirmed", "cancelled"):
        why = ", ".join(filter(None, [message.reason, message.error_code])) or "no reason is stored"
        text = f"It is {message.state}: {why}."
        yield TraceStep(at=None, event=f"message.{message.state}", by=message.provider, text=text)


def _of_receipt(receipt: Said) -> TraceStep:
    why = f" ({', '.join(filter(None, [receipt.reason, receipt.error_code]))})" if receipt.reason else ""
    then = f", at {receipt.at} by its clock" if receipt.at else ""
    text = f"A receipt said {receipt.state}{why}{then}; {_CAME_OF_IT.get(receipt.outcome, receipt.outcome)}."
    return TraceStep(at=receipt.received_at, event="receipt.received", by=receipt.provider, text=text)


def _of_reply(reply: Answered) -> Iterator[TraceStep]:
    asked = f", which means {reply.keyword}" if reply.keyword else ""
    yield TraceStep(at=reply.received_at, event="reply.received", text=f"Reply {reply.id} came{asked}.")
    if reply.answer:
        text = f"Our answer to reply {reply.id} is {reply.answer}."
        yield TraceStep(at=reply.answered_at, event="reply.answered", text=text)


def _of_person(story: Story) -> Iterator[TraceStep]:
    for click in story.clicks:
        who = "A program" if click.by_bot else "The person"
        yield TraceStep(at=click.at, event="link.opened", text=f"{who} opened {click.target}.")
    if stopped := story.suppression:
        text = f"The number is suppressed: {stopped.reason}{f' ({stopped.source})' if stopped.source else ''}."
        yield TraceStep(at=stopped.created_at, event="number.suppressed", text=text)


def _of_relative(campaign: Campaign, other: Relative) -> TraceStep:
    earlier = other.campaign_id < campaign.id
    text = f"{'Before, c' if earlier else 'C'}ampaign {other.campaign_id} had a message to the same number: "
    text += f"{other.campaign_id}-{other.n}, which is {other.state}."
    event = "message.tried_before" if earlier else "message.tried_again"
    return TraceStep(at=other.sent_at or other.started_at, event=event, text=text)


def _who(actor: str) -> str:
    """Returns who did it: what starts by itself is started by the sweeper, in the name of the system user."""
    return "sweeper" if actor == str(settings().system_user_id) else actor


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
