"""Answers to replies: booked with the reply, claimed before the call, recorded after it; each is sent at most once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from models.customers.suppression import opt_outs
from models.database import changed, rows
from models.providers.answers_in_turn import IN_TURN
from models.providers.reply import Reply
from models.row import Row
from models.turns import shares, within_shares

# An account answers a number's keyword again after this long, because the other side may be a program that answers too.
AGAIN_AFTER = "interval '1 hour'"
STATES = ("waiting", "sending", "sent", "delivered", "undelivered", "read", "failed", "unknown", "skipped")
# Calls of one provider at a time.
AT_ONCE = 8
# How far an answer is, for receipts, which move it only forward; what the provider refused it never had.
_RANK = """CASE {state} WHEN 'waiting' THEN 0 WHEN 'sending' THEN 0 WHEN 'unknown' THEN 0 WHEN 'sent' THEN 1
                        WHEN 'undelivered' THEN 2 WHEN 'delivered' THEN 3 WHEN 'read' THEN 4 ELSE 9 END"""

# Of answers that `moved`, one part of the WITH.
_OPT_OUTS = f"""
of_account AS (
    SELECT moved.account_id, moved.phone, moved.reason, p.kind || ':' || p.id AS provider
    FROM moved JOIN provider p ON p.id = moved.provider_id),
{opt_outs("of_account")}"""
# What was certainly not sent waits again, unless its lease has run out: then it has failed.
_BECOMES = "CASE WHEN state = 'unknown' AND %(state)s = 'waiting' THEN 'failed' ELSE %(state)s END"
_RECORD = f"""
WITH moved AS (
    UPDATE reply_answer SET
        state = {_BECOMES}, error_code = %(error)s, message_id = %(message)s,
        reason = CASE WHEN {_BECOMES} = 'failed' THEN coalesce(%(reason)s, 'not_sent') ELSE %(reason)s END,
        attempts = attempts - CASE WHEN %(counted)s THEN 0 ELSE 1 END,
        deferrals = deferrals + CASE WHEN %(counted)s THEN 0 ELSE 1 END,
        due_at = CASE WHEN {_BECOMES} = 'waiting' THEN now() + make_interval(secs => %(wait)s) END,
        lease_until = NULL, ended_at = CASE WHEN {_BECOMES} <> 'waiting' THEN now() END
    WHERE reply_id = %(reply)s AND token = %(token)s AND state IN ('sending', 'unknown') RETURNING *),
{_OPT_OUTS}
SELECT FROM moved
"""


class ClaimedAnswer(NamedTuple):
    """An answer that this process is committed to send now."""

    reply_id: int
    account_id: UUID
    provider_id: int
    token: int
    phone: str
    text: str
    attempts: int
    deferrals: int
    channel: str
    #: Our number that the person wrote to; None where the provider does not say.
    sent_to: str | None
    #: The account's.
    sender: str | None
    #: Of the campaign that was replied to, if we know which.
    traceparent: str | None


class Reported(NamedTuple):
    """What a receipt says of an answer."""

    reply_id: int
    state: str
    #: Why it was not delivered; None in any other state.
    reason: str | None
    error_code: str | None
    message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAnswer(Row):
    """One answer to one reply."""

    reply_id: int
    account_id: UUID
    provider_id: int
    keyword: str
    phone: str
    text: str
    #: One of STATES.
    state: str
    #: Why it was skipped, has failed or is unknown.
    reason: str | None
    error_code: str | None
    message_id: str | None
    token: int
    attempts: int
    deferrals: int
    made_at: datetime
    due_at: datetime | None
    expires_at: datetime
    lease_until: datetime | None
    ended_at: datetime | None

    @classmethod
    def book(cls, reply: Reply, *, text: str, keep_sec: float, not_because: str | None) -> Self:
        """Books the answer to a reply, or notes why there is none; in the transaction that stores the reply.

        None of its own when the account has answered the number's keyword within AGAIN_AFTER, or may not send to the
        country of the number.
        """
        rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"answer:{reply.account_id}:{reply.phone}"])
        [made] = rows(
            f"""INSERT INTO reply_answer (reply_id, account_id, provider_id, keyword, phone, text, expires_at,
                                          reason, state, due_at, ended_at)
                SELECT %(reply)s, %(account)s, %(provider)s, %(keyword)s, %(phone)s, %(text)s,
                       now() + make_interval(secs => %(keep)s), reason,
                       CASE WHEN reason IS NULL THEN 'waiting' ELSE 'skipped' END,
                       CASE WHEN reason IS NULL THEN now() END, CASE WHEN reason IS NOT NULL THEN now() END
                FROM (SELECT CASE
                    WHEN %(not_because)s::text IS NOT NULL THEN %(not_because)s
                    WHEN EXISTS (SELECT FROM account_quota WHERE account_id = %(account)s AND %(phone)s !~ phones)
                        THEN 'country_not_allowed'
                    WHEN EXISTS (SELECT FROM reply_answer
                                 WHERE account_id = %(account)s AND phone = %(phone)s AND keyword = %(keyword)s
                                   AND made_at > now() - {AGAIN_AFTER} AND state NOT IN ('failed', 'skipped'))
                        THEN 'answered_lately' END AS reason) AS judged
                RETURNING *""",
            {
                "reply": reply.id,
                "account": reply.account_id,
                "provider": reply.provider_id,
                "keyword": reply.keyword,
                "phone": reply.phone,
                "text": text,
                "keep": keep_sec,
                "not_because": not_because,
            },
            into=cls,
        )
        return made

    @classmethod
    def claim(cls, limit: int, *, going: Sequence[ClaimedAnswer], lease_sec: float) -> list[ClaimedAnswer]:
        """Takes answers that are due: those of each provider by account in turn, and of each its share.

        None of the providers of those that are `going`, which count as places of their accounts.
        """
        found = rows(
            f"""WITH RECURSIVE {IN_TURN},
               due AS MATERIALIZED (
                   SELECT a.reply_id, a.account_id FROM in_turn JOIN reply_answer a USING (reply_id)
                   WHERE position <= %(each)s AND a.state = 'waiting' FOR UPDATE OF a SKIP LOCKED),
               next AS MATERIALIZED ({within_shares("due", key="reply_id")}),
               taken AS (
                   UPDATE reply_answer a
                   SET state = 'sending', token = token + 1, attempts = attempts + 1, due_at = NULL,
                       lease_until = now() + make_interval(secs => %(lease)s)
                   FROM next WHERE a.reply_id = next.reply_id AND a.state = 'waiting' RETURNING a.*)
               SELECT taken.reply_id, taken.account_id, taken.provider_id, taken.token, taken.phone, taken.text,
                      taken.attempts, taken.deferrals, coalesce(reply.channel, 'sms') AS channel, reply.sent_to,
                      account.sender, campaign.traceparent
               FROM taken JOIN reply ON reply.id = taken.reply_id JOIN account ON account.id = taken.account_id
                    LEFT JOIN campaign ON campaign.id = reply.campaign_id""",
            {
                "each": AT_ONCE,
                "lease": lease_sec,
                "busy": [each.provider_id for each in going],
                **shares(free=limit, holding=[each.account_id for each in going]),
            },
        )
        return [ClaimedAnswer(**each) for each in found]

    @classmethod
    def record(
        cls,
        claimed: ClaimedAnswer,
        *,
        state: str,
        reason: str | None,
        error_code: str | None,
        message_id: str | None,
        wait_sec: float | None,
        counted: bool,
    ) -> bool:
        """Writes what became of a call, as long as the answer has the token of its claim; False if it is too late.

        What was certainly not sent waits again, unless its lease has run out: then it has failed. Someone of whom the
        provider says that they have opted out is suppressed.
        """
        return bool(
            changed(
                _RECORD,
                {
                    "reply": claimed.reply_id,
                    "token": claimed.token,
                    "state": state,
                    "reason": reason,
                    "error": error_code,
                    "message": message_id,
                    "wait": wait_sec or 0,
                    "counted": counted,
                },
            )
        )

    @classmethod
    def end_late(cls) -> int:
        """Ends what nobody will send any more: calls whose process is gone, and answers that would come too late."""
        return changed(
            """WITH lost AS (UPDATE reply_answer SET state = 'unknown', reason = 'lease_expired', lease_until = NULL,
                                    ended_at = now() WHERE state = 'sending' AND lease_until < now()
                             RETURNING reply_id),
                    late AS (UPDATE reply_answer SET state = 'skipped', reason = 'expired', due_at = NULL,
                                    ended_at = now() WHERE state = 'waiting' AND expires_at <= now()
                             RETURNING reply_id)
               SELECT * FROM lost UNION ALL SELECT * FROM late"""
        )

    @classmethod
    def report(cls, provider_id: int, reported: Sequence[Reported]) -> int:
        """Moves the provider's answers forward to what its receipts say; returns how many moved.

        Someone of whom a receipt says that they have opted out is suppressed.
        """
        ids, states, reasons, codes, message_ids = zip(*reported, strict=True)
        return changed(
            f"""WITH moved AS (
                UPDATE reply_answer a SET state = said.state, error_code = said.code, due_at = NULL, lease_until = NULL,
                       reason = said.reason, message_id = coalesce(a.message_id, said.message_id),
                       ended_at = coalesce(a.ended_at, now())
                FROM (SELECT DISTINCT ON (id) *
                      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
                           AS r (id, state, reason, code, message_id)
                      ORDER BY id, {_RANK.format(state="state")} DESC) AS said
                WHERE a.reply_id = said.id AND a.provider_id = %s
                  AND {_RANK.format(state="said.state")} > {_RANK.format(state="a.state")} RETURNING a.*),
                {_OPT_OUTS}
                SELECT FROM moved""",
            [*map(list, (ids, states, reasons, codes, message_ids)), provider_id],
        )
