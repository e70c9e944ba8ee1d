"""What workers find in the rows while Redis is away, and so no job says what to do."""

from functools import partial
from math import inf

import structlog

from config.settings import settings
from dispatch.customers import import_run
from dispatch.process.remembered import Remembered
from dispatch.process.watchdog import job_limit
from dispatch.queues import JOB_TIMEOUT_SEC
from dispatch.recovery import MAX_TAKEOVERS
from dispatch.sending.courier import Courier
from dispatch.sending.time_box import Others
from dispatch.start.preparation import continue_preparation
from models.campaigns import preparation
from models.customers import import_takeovers
from models.database import db
from models.failures import DATABASE_ERRORS
from models.messages.due import another_waits, take_next
from models.turns import Turns

log = structlog.get_logger()


def send_next(courier: Courier, turns: Turns) -> bool:
    """Delivers the batch whose account has had the fewest turns, as a job would; False when nothing could be sent."""
    with db.connection_context():
        due = take_next(turns)
    if due is None:
        return False
    others_waiting = Remembered(partial(another_is_due, due.campaign_id), unknown=False)
    with turns.turn_of(due.account_id), job_limit(JOB_TIMEOUT_SEC):
        return courier.deliver(due.campaign_id, due.number, others=Others(others_waiting)) > 0


def another_is_due(campaign_id: int) -> bool:
    """Returns whether another campaign has a batch to send; False when the database does not say."""
    try:
        with db.connection_context():
            return another_waits(campaign_id)
    except DATABASE_ERRORS:
        return False


def prepare_next() -> bool:
    """Takes over a preparation or an import that no one continues, and finishes it; False when there is none.

    It makes way only when Redis is back and others wait: what it left would be taken over only after a while.
    """
    with db.connection_context():
        return _continue_a_preparation() or _continue_an_import()


def _continue_a_preparation() -> bool:
    for abandoned in preparation.stale(settings().stale_prepare_sec):
        if taken := preparation.take_over(abandoned, most=MAX_TAKEOVERS):
            log.warning("preparation.taken_over", campaign_id=taken.campaign_id, times=taken.takeovers)
            continue_preparation(taken.campaign_id, taken.token, seconds=inf)
            return True
    return False


def _continue_an_import() -> bool:
    for abandoned in import_takeovers.stale(settings().stale_prepare_sec):
        if taken := import_takeovers.take_over(abandoned.id, abandoned.token, most=import_run.MAX_TAKEOVERS):
            log.warning("import.taken_over", import_id=abandoned.id, times=taken.takeovers)
            import_run.continue_import(abandoned.id, taken.token, seconds=inf)
            return True
    return False
