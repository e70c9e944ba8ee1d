"""The rows of a chunk of a campaign's recipients: a message for each, with its text and price, and their batches."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from config.others import let_others_run
from dispatch.audience.fields import ID, PHONE, SKIPPED
from dispatch.hours.plan import NOW, Due, Plan
from dispatch.start.writers import Writers
from dispatch.texts.filters import is_blank
from models.campaigns.preparation import ClaimedCampaign
from models.messages.parameters import unmarked
from models.messages.writing import NOT_BEFORE, SEGMENTS, STATE, MessageRow, NewBatch

# Less than a millisecond of work, after which PostgreSQL gets the messages and web answers others.
RENDERED_TOGETHER = 256

# Of `columns_of`; a tuple, because there is one for each recipient.
Recipient: TypeAlias = tuple[Any, ...]


def in_order(plan: Plan, recipients: Sequence[Recipient]) -> tuple[Sequence[Due], Sequence[Recipient]]:
    """Returns the recipients' times, and the recipients: those that may be messaged first before the others.

    So a batch waits for one time and not for forty.
    """
    if not plan.hours.anything:
        return [NOW] * len(recipients), recipients
    # The zone is what is read last.
    planned = [(plan.due(recipient[PHONE], recipient[-1]), recipient) for recipient in recipients]
    planned.sort(key=lambda each: each[0].not_before or plan.started_at)
    return [due for due, _ in planned], [recipient for _, recipient in planned]


def messages_of(
    campaign_id: int, writers: Writers, dues: Sequence[Due], recipients: Sequence[Recipient], *, first: int
) -> Iterator[list[MessageRow]]:
    """Yields the messages in groups, numbered from `first` on; what is priced here is what is sent."""
    text_for, choose, may_be_blank, n = writers.text_for, writers.choose, writers.may_be_blank, first
    numbered = writers.renderers[0].numbered
    variant, held = writers.variant, False
    for start in range(0, len(recipients), RENDERED_TOGETHER):
        let_others_run()
        part = slice(start, start + RENDERED_TOGETHER)
        messages: list[MessageRow] = []
        for due, recipient in zip(dues[part], recipients[part], strict=True):
            not_before, send_until, zone, never = due
            if choose:
                variant, text_for = choose(recipient, n)
                held = variant is None
            body, encoding, segments = text_for((*recipient, n) if numbered else recipient)
            state, reason = "pending", recipient[SKIPPED] or never
            if held and reason is None:
                reason = "held_back"
            if may_be_blank and reason is None and is_blank(unmarked(body)):
                reason = "blank_text"
            if reason:
                state, not_before, send_until = "skipped", None, None
            customer_id, phone = recipient[ID], recipient[PHONE]
            # fmt: off
            messages.append((
                campaign_id, n, customer_id, phone, body, encoding, segments, state, reason,
                not_before, send_until, zone, variant,
            ))
            # fmt: on
            n += 1
        yield messages


def batches_of(campaign: ClaimedCampaign, messages: Sequence[MessageRow], *, first: int) -> list[NewBatch]:
    """Returns the batches of these messages, whose numbers begin with `first`."""
    size = campaign.batch_size
    batches: list[NewBatch] = []
    for start in range(0, len(messages), size):
        part = messages[start : start + size]
        pending = [message for message in part if message[STATE] == "pending"]
        batches.append(
            NewBatch(
                campaign_id=campaign.id,
                number=(first + start) // size,
                first_n=first + start,
                size=len(part),
                pending=len(pending),
                skipped=len(part) - len(pending),
                price=sum([message[SEGMENTS] for message in pending]),
                next_due_at=_earliest(campaign, pending),
            )
        )
    return batches


def _earliest(campaign: ClaimedCampaign, pending: Sequence[MessageRow]) -> datetime | None:
    """Returns when the first of the messages may be sent, or all have expired; None for at once."""
    soonest = campaign.expires_at
    for message in pending:
        not_before = message[NOT_BEFORE]
        if not_before is None:
            return None
        soonest = min(soonest or not_before, not_before)
    return soonest
