"""The one transaction of the send path: it records answers and claims the next messages."""

import secrets
import time
from dataclasses import replace

import structlog

from config.settings import Settings
from dispatch.process.watchdog import extend_job_limit
from dispatch.sending.postponing import put_off
from dispatch.sending.round_trip import Claim, record_and_claim
from dispatch.tracing.current import named
from models.campaigns.campaign import Campaign
from models.campaigns.sending import SendingCampaign
from models.database import db, drop_connection
from models.failures import PASSING_ERRORS
from models.messages import batch, claiming, recording
from models.messages.batch import Range
from models.messages.caps import Caps
from models.messages.claiming import Taken
from models.messages.message import Claimed, Outcome

log = structlog.get_logger()

# The pauses between two tries of an exchange double.
FIRST_PAUSE_SEC, MAX_PAUSE_SEC = 0.1, 2.0
# Batches that one exchange enters, so that it stays short when whole batches are expired or opted out.
MAX_ENTERED = 8
# After it found no batch to claim from, it only records for so long, while it has messages in flight.
LOOK_AGAIN_SEC = 0.5
# After this many batches without a message that is due, the campaign counts as dry for now.
MAX_EMPTY_BATCHES = 3


class Exchange:
    """One worker's place in a campaign. Used by one thread, which has a database connection of its own.

    It has a token, and the batches that it takes are its own until it has left them and everything in their lists is
    answered. When another worker has taken one, after a freeze for example, it claims nothing more.
    """

    def __init__(
        self, campaign: SendingCampaign, first_batch: int, *, provider: str, settings: Settings, caps: Caps | None
    ) -> None:
        self._campaign_id = campaign.id
        self._log = log.bind(campaign_id=campaign.id, request_id=campaign.correlation_id, **named(campaign.traceparent))
        self._batch_size = campaign.batch_size
        #: How messages name the provider that is called.
        self.provider = provider
        self._lease_sec = settings.lease_sec
        self._caps = caps
        self._token = secrets.randbits(62)
        self._wanted_batch: int | None = first_batch
        self._range: Range | None = None
        self._next_n = 0
        # Numbers that are claimed and whose outcome is not known to be recorded.
        self._claimed: set[int] = set()
        # Whether outcomes are at hand that may be recorded already, and whether there may be claims that are not known.
        self._unsettled = False
        self._in_doubt = False
        self._lost_a_batch = False
        self._is_only_batch = campaign.recipients <= campaign.batch_size
        self._look_again_at = 0.0
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
        self.at_hand = [*self.at_hand, *outcomes]
        claimed: list[Claimed] = []
        self.ran_dry, self.segments, self.next_takes = False, 0, None
        pause_sec = FIRST_PAUSE_SEC
        while True:
            try:
                self._exchange(claimed, want, segments)
                return claimed
            except PASSING_ERRORS as problem:
                extend_job_limit()
                self._log.warning("exchange.retried", problem=type(problem).__name__)
                drop_connection()
                # What is claimed already must be called soon.
                if claimed or self.gave_up:
                    return claimed
                time.sleep(pause_sec)
                pause_sec = min(pause_sec * 2, MAX_PAUSE_SEC)
            except Exception:
                # It may be in the middle of a transaction, and the next to use it must not be.
                drop_connection()
                raise

    def soonest_due(self) -> float | None:
        """Returns the seconds until a waiting batch of the campaign is due; None when nothing waits for this worker."""
        if self._lost_a_batch:
            return None
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
            if left is None and self._wanted_batch is not None:
                # The job ended before it claimed anything; its batch must not look like one with a job, also when the
                # sender may send again by now.
                db.connect(reuse_if_open=True)
                left = batch.take(self._campaign_id, token=self._token, number=self._wanted_batch)
                self._wanted_batch = None
            if left is not None:
                db.connect(reuse_if_open=True)
                batch.leave(self._campaign_id, left, token=self._token, due_in_sec=due_in_sec)
        except PASSING_ERRORS:
            # Recovery soon finds the batch.
            self._log.warning("batch.not_left", batch=left.number if left else None)

    def close(self, due_in_sec: float | None = None) -> None:
        """Leaves the batch to other workers, at once or after so many seconds, and returns this thread's connection."""
        try:
            self.leave(due_in_sec)
        finally:
            db.close()

    def _exchange(self, claimed: list[Claimed], want: int, segments: int | None) -> None:
        """Makes the exchange; `claimed` gets what is claimed as soon as that is committed."""
        db.connect(reuse_if_open=True)
        if self._unsettled:
            self._settle()
        entered = empty = 0
        while entered < MAX_ENTERED and not self._has_enough(len(claimed), want, segments):
            if empty == MAX_EMPTY_BATCHES or not self._in_a_batch():
                self.ran_dry = True
                break
            entered += 1
            left = None if segments is None else segments - self.segments
            empty += not self._record_and_claim(claimed, want - len(claimed), left)
        if self.at_hand:
            self._record_and_claim([], 0, None)

    def _has_enough(self, claimed: int, want: int, segments: int | None) -> bool:
        """Returns whether to claim no more: a second commit, at a batch's end, for under half costs too much."""
        return self.segments == segments or self.next_takes is not None or claimed * (1 if self._range else 2) >= want

    def _record_and_claim(self, claimed: list[Claimed], want: int, segments: int | None) -> int:
        """Records and claims in one transaction and one round trip; returns at how many messages the claim looked."""
        entered = self._range if want > 0 else None
        claim = self._claim_of(entered, want, segments) if entered else None
        self._unsettled, self._in_doubt = True, claim is not None
        written, taken = record_and_claim(self._answers(), claim)
        claimed += taken.messages
        self.segments, self.next_takes = self.segments + taken.segments, taken.next_takes
        self._claimed.update(message.n for message in taken.messages)
        self._note_written(written)
        self._in_doubt = False
        if self.at_hand:
            self._record_late()
        self._unsettled = False
        if entered is not None:
            self._go_on(entered, taken, want)
        return taken.rows

    def _claim_of(self, entered: Range, want: int, segments: int | None) -> Claim:
        rest = replace(entered, first=self._next_n)
        return Claim(self._campaign_id, rest, self._token, self._lease_sec, self._caps, want, segments)

    def _go_on(self, entered: Range, taken: Taken, want: int) -> None:
        """Remembers where to claim next, and leaves the batch when it has no more that is due."""
        if taken.messages:
            self._next_n = taken.messages[-1].n + 1
        if taken.late:
            with db.atomic():
                put_off(self._campaign_id, entered.number, self._token, taken.late, self._caps)
        if taken.emptied:
            self._range = None
        elif taken.rows < want and taken.next_takes is None:
            self._lost_a_batch |= not batch.let_wait(self._campaign_id, entered, token=self._token)
            self._range = None

    def _in_a_batch(self) -> bool:
        """Returns whether there is a batch to claim from: the current one, the job's own, or any open one."""
        if self._lost_a_batch or self._range is not None:
            return not self._lost_a_batch
        if self._claimed and time.monotonic() < self._look_again_at:
            return False
        self._unsettled = self._in_doubt = True
        self._range = batch.take(self._campaign_id, token=self._token, number=self._wanted_batch)
        if self._range is None and self._wanted_batch is not None:
            self._range = batch.take(self._campaign_id, token=self._token)
        self._unsettled = self._in_doubt = False
        self._wanted_batch = None
        self._next_n = self._range.first if self._range else 0
        self._look_again_at = time.monotonic() + LOOK_AGAIN_SEC if self._range is None or self._is_only_batch else 0.0
        return self._range is not None

    def _settle(self) -> None:
        """Records what a failed exchange has or has not recorded, and undoes its claim; nothing of it was called.

        It claims nothing: an outcome that is recorded twice must not meet another claim of its message.
        """
        with db.atomic(), db.connection().cursor() as cursor:
            if self._in_doubt:
                current = self._range.number if self._range else None
                undone = claiming.forget_claims(
                    self._campaign_id, token=self._token, known=self._claimed, current=current
                )
                self._log.warning("claim.undone", messages=undone)
            given = self._answers()
            recording.record(cursor, given)
            recording.record_late(given)
        self._note_written({outcome.n for outcome in self.at_hand})
        self._unsettled = self._in_doubt = False

    def _record_late(self) -> None:
        """Records outcomes of messages that have left their list, because another worker or recovery has the batch."""
        self._lost_a_batch = True
        with db.atomic():
            recording.record_late(self._answers())
        self._note_written({outcome.n for outcome in self.at_hand})

    def _answers(self) -> recording.Answers:
        return recording.answers(
            self._campaign_id,
            self.at_hand,
            token=self._token,
            provider=self.provider,
            batch_size=self._batch_size,
            current=self._range.number if self._range else None,
        )

    def _note_written(self, written: set[int]) -> None:
        all_of_them = len(written) == len(self.at_hand)
        self.at_hand = [] if all_of_them else [outcome for outcome in self.at_hand if outcome.n not in written]
        self._claimed -= written
