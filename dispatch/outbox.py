"""Publishes what is committed: pushes a job for each batch that is due and has none yet."""

from collections import Counter
from functools import partial

import structlog

from config.settings import settings
from dispatch import queues
from dispatch.providers.link import WHATSAPP_RATE
from models.campaigns.campaign import Campaign
from models.database import db
from models.messages import pushing

log = structlog.get_logger()


def push_due_batches(campaign_id: int) -> Counter[int]:
    """Pushes as many open batches as there is room for, of this and the account's other campaigns in turns.

    No more than about a minute of the sender's rate is pushed, but a batch of each campaign.

    Returns how many of each: none of this one while the account's others have all of the room, which it gets when they
    end. Each batch is marked, and the mark committed, before the push. If the push fails, the mark is
    removed; a crash in between leaves a marked batch without a job, which recovery finds.
    """
    rate = settings().sender_rate
    marked = pushing.mark_pushed(campaign_id, queue=queues.SEND, rate=rate, tiered_rate=WHATSAPP_RATE)
    failed = queues.push_batches(marked)
    for each in failed:
        pushing.unmark_pushed(each.campaign_id, [each.number])
    pushed = Counter(each.campaign_id for each in marked[: len(marked) - len(failed)])
    if marked and not pushed:
        log.error("No jobs enqueued for campaign", campaign_id=campaign_id, batches=len(marked))
    for campaign, batches in pushed.items():
        log.info("batches.pushed", campaign_id=campaign, batches=batches)
    return pushed


def push_if_possible(campaign_id: int) -> Counter[int]:
    """Does the same unless Redis is away, when it would fail: workers then find the batches themselves."""
    return push_due_batches(campaign_id) if queues.ready() else Counter()


def continue_after_commit(resumed: Campaign) -> None:
    """Pushes the jobs of a resumed campaign once the outermost transaction has committed."""
    if resumed.status == "sending":
        db.after_commit(partial(push_due_batches, resumed.id))
    elif resumed.prep_token is not None:
        db.after_commit(partial(queues.push_preparation, resumed.id, resumed.prep_token, resumed.account_id))
