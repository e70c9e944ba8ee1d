"""Publishes what is committed: pushes a job for each batch that is due and has none yet."""

from functools import partial

import structlog

from dispatch import queues
from models.campaigns.campaign import Campaign
from models.database import db
from models.messages import batch

log = structlog.get_logger()


def push_due_batches(campaign_id: int) -> int:
    """Pushes as many of the campaign's open batches as there is room for and returns how many.

    Each batch is marked, and the mark committed, before the push. If the push fails, the mark is removed; a crash in
    between leaves a marked batch without a job, which recovery finds.
    """
    numbers = batch.mark_pushed(campaign_id, queue=queues.SEND)
    failed = queues.push_batches(campaign_id, numbers)
    if failed:
        batch.unmark_pushed(campaign_id, failed)
    pushed = len(numbers) - len(failed)
    if numbers and not pushed:
        log.error("No jobs enqueued for campaign", campaign_id=campaign_id, batches=len(numbers))
    elif pushed:
        log.info("batches.pushed", campaign_id=campaign_id, batches=pushed)
    return pushed


def continue_after_commit(resumed: Campaign) -> None:
    """Pushes the jobs of a resumed campaign once the outermost transaction has committed."""
    if resumed.status == "sending":
        db.after_commit(partial(push_due_batches, resumed.id))
    elif resumed.prep_token is not None:
        db.after_commit(partial(queues.push_preparation, resumed.id, resumed.prep_token))
