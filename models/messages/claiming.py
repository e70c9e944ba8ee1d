"""Claims messages: the intent to call the provider, committed before every call, and how it is undone."""

from models.database import db, scalar
from models.messages.batch import Range
from models.messages.message import Claimed

# Claims the next pending messages of one range of n. The claim decides everything that depends on this very moment
# (expiry, opt-out, the campaign's state), because a recipient may opt out between enqueue and send (I10).
# SKIP LOCKED lets two workers share a batch; ORDER BY with LIMIT in a CTE keeps the planner on the primary key.
#
# A campaign that was just written is not in the table's statistics: the planner takes it for one row, and a join of its
# messages by n then reads the whole campaign for every window (4.3 s against 5 ms with 300,000 messages, and nothing
# was sent at all). So rows that have been found are updated by ctid, which cannot change while they are locked.
# OFFSET 0 keeps the suppression a look-up for each row; as a hash of the whole table it cost 30 ms a claim at 100,000
# numbers.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT m.ctid AS place, c.expires_at <= now() AS expired,
           EXISTS (SELECT FROM suppression s WHERE s.account_id = c.account_id AND s.phone = m.phone OFFSET 0)
               AS opted_out
    FROM message m, campaign c
    WHERE c.id = %(campaign)s AND c.status = 'sending'
      AND m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s AND m.state = 'pending'
      AND (m.not_before IS NULL OR m.not_before <= now())
    ORDER BY m.n LIMIT %(want)s FOR NO KEY UPDATE OF m SKIP LOCKED),
claimed AS (
    UPDATE message m SET
        state = CASE WHEN due.expired OR due.opted_out THEN 'skipped' ELSE 'sending' END,
        reason = CASE WHEN due.expired THEN 'expired' WHEN due.opted_out THEN 'opted_out' END,
        attempts = m.attempts + CASE WHEN due.expired OR due.opted_out THEN 0 ELSE 1 END,
        token = %(token)s + m.n,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM due WHERE m.ctid = due.place
    RETURNING m.n, m.token, m.phone, m.body, m.attempts, m.deferrals, m.state),
counted AS (
    UPDATE batch b SET pending = b.pending - t.taken, sending = b.sending + t.sending, skipped = b.skipped + t.skipped,
                       touched_at = now(), next_due_at = NULL
    FROM (SELECT count(*) AS taken, count(*) FILTER (WHERE state = 'sending') AS sending,
                 count(*) FILTER (WHERE state = 'skipped') AS skipped FROM claimed) t
    WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.taken > 0)
SELECT n, token, phone, body, attempts, deferrals, state FROM claimed
"""

# After a commit whose confirmation was lost: undoes the claim if it did commit; no attempt counts, as none was made.
_UNDO_CLAIM = """
WITH undone AS (
    UPDATE message SET state = 'pending', attempts = attempts - 1, lease_until = NULL
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND token = %(token)s + n
      AND state = 'sending' RETURNING n)
UPDATE batch b SET pending = b.pending + t.moved, sending = b.sending - t.moved
FROM (SELECT n / %(batch_size)s AS number, count(*) AS moved FROM undone GROUP BY 1) t
WHERE b.campaign_id = %(campaign)s AND b.number = t.number RETURNING t.moved
"""


def claim(campaign_id: int, batch: Range, *, want: int, token: int, lease_sec: float) -> tuple[list[Claimed], int]:
    """Commits to send up to `want` due messages of the batch; returns them, and how many rows it took in all.

    The other rows are expired or opted out, and are skipped here. Tokens are `token + n`.
    """
    params = {
        "campaign": campaign_id,
        "batch": batch.number,
        "first": batch.first,
        "last": batch.last,
        "want": want,
        "token": token,
        "lease": lease_sec,
    }
    taken = db.connection().execute(_CLAIM, params).fetchall()
    return [Claimed._make(row[:6]) for row in taken if row[6] == "sending"], len(taken)


def undo_claim(campaign_id: int, batch: Range, *, token: int, batch_size: int) -> int:
    """Undoes a claim that may have been committed and of which nothing was called; returns how many messages."""
    params = {
        "campaign": campaign_id,
        "first": batch.first,
        "last": batch.last,
        "token": token,
        "batch_size": batch_size,
    }
    return scalar(_UNDO_CLAIM, params) or 0
