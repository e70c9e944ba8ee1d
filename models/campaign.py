"""Campaigns: the row, and the moves a person or the sweep makes with it.

Writing, editing and copying it is `campaign_writing.py`, its preparation `preparation.py`, sending it
`campaign_sending.py`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from peewee import BigIntegerField, ForeignKeyField, IntegerField, TextField, UUIDField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, IdentityField

from models.account import _NOW, Account
from models.database import Row, row, rows
from models.tenancy import Tenant, owned_by

# How long a campaign may run after its start unless it says otherwise.
DEFAULT_LIFE = "24 hours"


class Campaign(Row):
    """One campaign of one account."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(Account, index=False)
    parent = ForeignKeyField("self", null=True)
    kind = TextField(default="normal")
    name = TextField()
    channel = TextField()
    template = TextField(default="")
    template_id = BigIntegerField(null=True)
    template_version = IntegerField(null=True)
    status = TextField(default="draft")
    audience_kind = TextField(null=True)
    list_id = BigIntegerField(null=True)
    segment_id = BigIntegerField(null=True)
    segment_filter = BinaryJSONField(null=True, index=False)
    queued_at = DateTimeTZField(null=True)
    scheduled_at = DateTimeTZField(null=True)
    expires_at = DateTimeTZField(null=True)
    started_at = DateTimeTZField(null=True)
    ended_at = DateTimeTZField(null=True)
    blocked_reason = TextField(null=True)
    blocked_tries = IntegerField(default=0)
    next_check_at = DateTimeTZField(null=True)
    paused_from = TextField(null=True)
    reason = TextField(null=True)
    claimed_from = TextField(null=True)
    claim_epoch = IntegerField(default=0)
    batch_size = IntegerField(default=1000)
    prep_token = UUIDField(null=True)
    prep_cursor = BigIntegerField(default=0)
    prep_price = BigIntegerField(default=0)
    prep_touched_at = DateTimeTZField(null=True)
    prep_takeovers = IntegerField(default=0)
    recipients = IntegerField(default=0)
    held = BigIntegerField(default=0)
    captured = BigIntegerField(default=0)
    released = BigIntegerField(default=0)
    settled_at = DateTimeTZField(null=True)
    revision = IntegerField(default=1)
    approved_by = TextField(null=True)
    approved_at = DateTimeTZField(null=True)
    approved_recipients = IntegerField(null=True)
    started_key = TextField(null=True)
    started_hash = TextField(null=True)
    actor = TextField(default="")
    correlation_id = TextField(null=True)
    created_at = DateTimeTZField(constraints=_NOW)
    updated_at = DateTimeTZField(constraints=_NOW)

    class Meta:
        indexes = ((("account", "id"), True),)

    @classmethod
    def find(cls, campaign_id: int, tenant: Tenant) -> dict[str, Any] | None:
        """Returns the campaign, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM campaign WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": campaign_id, "account": tenant},
        )

    @classmethod
    def due(cls, limit: int, tenant: Tenant, *, seen: list[int]) -> list[dict[str, Any]]:
        """A page of campaigns whose time has come, oldest first; blocked ones wait for their next check."""
        return rows(
            f"""SELECT id, account_id, name, status, correlation_id FROM campaign
               WHERE status = 'scheduled' AND scheduled_at <= now()
                 AND (next_check_at IS NULL OR next_check_at <= now())
                 AND {owned_by(tenant)} AND id <> ALL(%(seen)s)
               ORDER BY scheduled_at, id LIMIT %(limit)s""",
            {"limit": limit, "account": tenant, "seen": seen},
        )

    @classmethod
    def schedule(cls, campaign_id: int, at: datetime) -> dict[str, Any] | None:
        """Gives a draft or scheduled campaign its time, if that is still to come; None when neither holds."""
        return row(
            """UPDATE campaign SET status = 'scheduled', scheduled_at = %(at)s, blocked_reason = NULL,
                      blocked_tries = 0, next_check_at = NULL, updated_at = now()
               WHERE id = %(id)s AND status IN ('draft', 'scheduled') AND %(at)s > now() RETURNING *""",
            {"id": campaign_id, "at": at},
        )

    @classmethod
    def unschedule(cls, campaign_id: int) -> dict[str, Any] | None:
        """Takes a scheduled campaign's time back; None when it is not scheduled."""
        return row(
            """UPDATE campaign SET status = 'draft', scheduled_at = NULL, blocked_reason = NULL, blocked_tries = 0,
                      next_check_at = NULL, updated_at = now()
               WHERE id = %s AND status = 'scheduled' RETURNING *""",
            [campaign_id],
        )

    @classmethod
    def block(cls, campaign_id: int, reason: str) -> None:
        """Sets a campaign that cannot start aside for 1 to 15 minutes, doubling; it keeps its state."""
        rows(
            """UPDATE campaign SET blocked_reason = %(reason)s, blocked_tries = blocked_tries + 1, updated_at = now(),
                      next_check_at = now() + least(interval '15 minutes',
                                                    interval '1 minute' * power(2, least(blocked_tries, 4)))
               WHERE id = %(id)s AND status IN ('draft', 'scheduled')""",
            {"id": campaign_id, "reason": reason},
        )

    @classmethod
    def unblock(cls, account_id: UUID, reason: str) -> None:
        """Lets the account's campaigns that were set aside for this reason be checked at the next sweep."""
        rows(
            """UPDATE campaign SET next_check_at = NULL, blocked_tries = 0
               WHERE account_id = %s AND status = 'scheduled' AND blocked_reason = %s""",
            [account_id, reason],
        )

    @classmethod
    def pause(cls, campaign_id: int, reason: str) -> dict[str, Any] | None:
        """Stops a campaign where it is; nothing new is claimed once this is committed."""
        return row(
            """UPDATE campaign SET paused_from = status, status = 'paused', reason = %(reason)s, updated_at = now()
               WHERE id = %(id)s AND status IN ('scheduled', 'preparing', 'sending') RETURNING *""",
            {"id": campaign_id, "reason": reason},
        )

    @classmethod
    def resume(cls, campaign_id: int) -> dict[str, Any] | None:
        """Lets a paused campaign go on where it was, giving a preparation a new token and batches a new push."""
        return row(
            """WITH resumed AS (
                 UPDATE campaign SET status = paused_from, paused_from = NULL, reason = NULL, updated_at = now(),
                        blocked_reason = NULL, blocked_tries = 0, next_check_at = NULL,
                        prep_token = CASE WHEN paused_from = 'preparing' THEN gen_random_uuid() END,
                        prep_touched_at = CASE WHEN paused_from = 'preparing' THEN now() END
                 WHERE id = %(id)s AND status = 'paused' RETURNING *),
               unpushed AS (
                 UPDATE batch SET pushed_at = NULL, touched_at = NULL FROM resumed
                 WHERE campaign_id = resumed.id AND resumed.status = 'sending' AND pending > 0)
               SELECT * FROM resumed""",
            {"id": campaign_id},
        )

    @classmethod
    def cancel(cls, campaign_id: int) -> dict[str, Any] | None:
        """Ends a campaign; recovery cancels what is left of its messages and settles it."""
        return row(
            """UPDATE campaign SET status = 'cancelled', paused_from = NULL, ended_at = now(), updated_at = now(),
                      settled_at = CASE WHEN claim_epoch = 0 THEN now() END
               WHERE id = %(id)s AND status IN ('draft', 'scheduled', 'preparing', 'sending', 'paused') RETURNING *""",
            {"id": campaign_id},
        )
