"""Recording and claiming in one transaction, whose statements travel to PostgreSQL together."""

from dataclasses import dataclass

from models.database import db
from models.messages import claiming, recording
from models.messages.batch import Range
from models.messages.caps import Caps, lock_caps
from models.messages.claiming import Taken
from models.messages.recording import Answers

NOTHING = Taken([], [], 0, 0, None, emptied=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What to claim: up to `want` messages of what is left of a batch and, unless it is None, of `segments` in all."""

    campaign_id: int
    rest: Range
    token: int
    lease_sec: float
    caps: Caps | None
    want: int
    segments: int | None


def record_and_claim(given: Answers, claim: Claim | None) -> tuple[set[int], Taken]:
    """Returns the numbers of the messages that were written, and what was claimed, once both are committed.

    Messages that are not among the written have left the list of their batch (`recording.record_late`).
    """
    connection = db.connection()
    with connection.cursor() as recorded, connection.cursor() as found:
        with connection.pipeline():
            connection.execute("BEGIN")
            recording.record(recorded, given)
            if claim:
                if claim.caps:
                    lock_caps(claim.caps.account_id, found)
                claiming.claim(
                    found,
                    claim.campaign_id,
                    claim.rest,
                    want=claim.want,
                    token=claim.token,
                    lease_sec=claim.lease_sec,
                    caps=claim.caps,
                    segments=claim.segments,
                )
            connection.execute("COMMIT")
        return recording.written(recorded, given), claiming.taken(found, token=claim.token) if claim else NOTHING
