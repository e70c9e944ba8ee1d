"""The one transaction of the send path: it records answers and claims the next messages."""

import secrets
import time
from dataclasses import dataclass, replace

import structlog

from config.settings import Settings
from dispatch.process.watchdog import extend_job_limit
from dispatch.sending.postponing import put_off
from models.campaigns.campaign import Campaign
from models.campaigns.sending import SendingCampaign
from models.database import db
from models.failures import PASSING_ERRORS
from models.messages import batch, claiming, message
from models.messages.batch import Range
from models.messages.caps import Caps
from models.messages.message import Claimed, Outcome

log = structlog.get_logger()

# The pauses between two tries of an exchange double.
FIRST_PAUSE_SEC, MAX_PAUSE_SEC = 0.1, 2.0
# Claims in one exchange, so that its transaction stays short when whole batches are expired or opted out.
MAX_CLAIMS = 8
# After this many batches without a message that is due, the campaign counts as dry for now.
MAX_EMPTY_BATCHES = 3


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim that may or may not have been committed."""

    token: int
    range: Range


class Exchange:
    """One worker's place in a campaign. Used by one thread, which has a database connection of its own."""

    def __init__(
        self,
        campaign: SendingCampaign,
        first_batch: int,
        *,
        provider: str,
        settings: Settings,
        caps: Caps | None,
    ) -> None:
        self._campaign_id = campaign.id
        self._log = log.bind(campaign_id=campaign.id, request_id=campaign.correlation_id)
        self._batch_size = campaign.batch_size
        #: How messages name the provider that is called.
        self.provider = provider
        self._lease_sec = settings.lease_sec
        self._caps = caps
        self._wanted_batch: int | None = first_batch
        self._range: Range | None = None
        self._next_n = 0
        self._doubtful: list[_Claim] = []
        # Whether the last exchange found nothing more to claim.
        self.ran_dry = False
        #: Segments of what the last exchange claimed; and what the next message takes, if there were too few for it.
        self.segments = 0
        self.next_takes: int | None = None
        #: Outcomes that are not known to be recorded; read by the keeper's thread.
        self.at_hand: list[Outcome] = []
        #: Whether what is at hand is kept elsewhere, so that the database need not be waited for any longer.
        self.gave_up = False

    def record_and_claim(self, outcomes: list[Outcome], want: int, segments: int | None = None) -> list[Claimed]:
        """Records the outcomes and claims up to `want` messages, durably; retries for as long as the database is away.

        With `segments` it claims messages of so many in all.
        Giving up would lose the answers at hand and those of the calls in flight, at most a window of them. Only a
        process that has to end gives up, once they are kept (`keeper.py`).
        """
        self.at_hand = outcomes = [*self.at_hand, *outcomes]
        pause_sec = FIRST_PAUSE_SEC
        while True:
            place = (self._wanted_batch, self._range, self._next_n)
            try:
                db.connect(reuse_if_open=True)
                with db.atomic():
                    self._undo_doubtful()
                    if outcomes:
                        message.record(self._campaign_id, outcomes, provider=self.provider, batch_size=self._batch_size)
                    claimed = self._claim(want, segments)
            except PASSING_ERRORS as problem:
                self._wanted_batch, self._range, self._next_n = place
                extend_job_limit()
                self._log.warning("exchange.retried", problem=type(problem).__name__)
                _forget_connection()
                if self.gave_up:
                    return []
                time.sleep(pause_sec)
                pause_sec = min(pause_sec * 2, MAX_PAUSE_SEC)
            else:
                self._doubtful.clear()
                self.at_hand = []
                return claimed

    def soonest_due(self) -> float | None:
        """Returns the seconds until a waiting batch of the campaign is due; None when nothing waits."""
        db.connect(reuse_if_open=True)
        return batch.soonest_due(self._campaign_id)

    def pause(self, reason: str) -> None:
        """Pauses the campaign, because the provider refuses our account and would refuse every further call."""
        db.connect(reuse_if_open=True)
        if Campaign.pause(self._campaign_id, reason):
            self._log.error("campaign.halted", reason=reason)

    def leave(self, due_in_sec: float | None = None) -> None:
        """Leaves the batch to other workers, at once or after so many seconds."""
        left, self._range = self._range, None
        try:
            if left is None and due_in_sec is not None and self._wanted_batch is not None:
                # The job ended before it claimed anything; its batch must not look like one with a job.
                db.connect(reuse_if_open=True)
                left, self._wanted_batch = batch.take(self._campaign_id, self._wanted_batch), None
            if left is not None:
                db.connect(reuse_if_open=True)
                batch.leave(self._campaign_id, left, due_in_sec=due_in_sec)
        except PASSING_ERRORS:
            # Recovery soon finds the batch.
            self._log.warning("batch.not_left", batch=left.number if left else None)

    def close(self, due_in_sec: float | None = None) -> None:
        """Leaves the batch to other workers, at once or after so many seconds, and returns this thread's connection."""
        try:
            self.leave(due_in_sec)
        finally:
            db.close()

    def _claim(self, want: int, segments: int | None) -> list[Claimed]:
        found: list[Claimed] = []
        empty_batches = 0
        self.ran_dry, self.segments, self.next_takes = False, 0, None
        for _ in range(MAX_CLAIMS):
            if len(found) == want or self.segments == segments or self.next_takes:
                break
            entered = self._enter_batch() if empty_batches < MAX_EMPTY_BATCHES else None
            if entered is None:
                self.ran_dry = True
                break
            left = None if segments is None else segments - self.segments
            messages, taken = self._claim_from(entered, want - len(found), left)
            found += messages
            empty_batches += not taken
        return found

    def _claim_from(self, entered: Range, want: int, segments: int | None) -> tuple[list[Claimed], int]:
        """Claims from what is left of the batch, and leaves the batch when it has no more that is due."""
        claim = _Claim(secrets.randbits(62), entered)
        self._doubtful.append(claim)
        rest = replace(entered, first=self._next_n)
        taken = claiming.claim(
            self._campaign_id,
            rest,
            want=want,
            token=claim.token,
            lease_sec=self._lease_sec,
            caps=self._caps,
            segments=segments,
        )
        self.segments, self.next_takes = self.segments + taken.segments, taken.next_takes
        if taken.messages:
            self._next_n = max(claimed.n for claimed in taken.messages) + 1
        if taken.late:
            put_off(self._campaign_id, taken.late, self._caps)
        if taken.rows < want and not taken.next_takes:
            batch.let_wait(self._campaign_id, entered)
            self._range = None
        return taken.messages, taken.rows

    def _enter_batch(self) -> Range | None:
        """Returns the batch to claim from: the current one, the job's own, or any open one."""
        if self._range is None:
            self._range = batch.take(self._campaign_id, self._wanted_batch)
            if self._range is None and self._wanted_batch is not None:
                self._range = batch.take(self._campaign_id)
            self._wanted_batch = None
            self._next_n = self._range.first if self._range else 0
        return self._range

    def _undo_doubtful(self) -> None:
        """Undoes claims whose commit was not confirmed; none of their messages was called."""
        for claim in self._doubtful:
            undone = claiming.undo_claim(self._campaign_id, claim.range, token=claim.token, batch_size=self._batch_size)
            if undone:
                self._log.warning("claim.undone", batch=claim.range.number, messages=undone)
        # They stay on the list until a commit is confirmed: this undo may be lost as well.


def _forget_connection() -> None:
    """Drops a connection that may be broken, so that the next attempt opens another."""
    try:
        db.manual_close()
    except Exception:
        log.debug("connection.close_failed")
