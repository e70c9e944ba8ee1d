"""Campaigns: the row, and the moves that a person or the sweep makes."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from models.database import row
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.search import Search, matches
from models.tenancy import Tenant, owned_by

# How long it may run after its start unless it says otherwise; one with hours may wait for a Monday after a holiday.
DEFAULT_LIFE = """(CASE WHEN num_nonnulls(local_time, send_window, holidays) = 0 THEN interval '24 hours'
                        ELSE interval '8 days' END)"""

# The revision is the one that a person has read, if they have read any.
AS_READ = "(%(read)s::bigint IS NULL OR revision = %(read)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Row):
    """One campaign of one account."""

    id: int
    account_id: UUID
    #: The campaign that this one retries, completes or tests, or of which it is an occurrence.
    parent_id: int | None
    #: The campaign that a chain of retries and rests began with; None for anything else.
    root_id: int | None
    #: normal, retry, rest, test or occurrence.
    kind: str
    #: The schedule of a recurring campaign, also once it has ended; and the time that an occurrence stands for.
    schedule_id: UUID | None
    occurrence_at: datetime | None
    name: str
    channel: str
    template: str
    #: The stored template that `template` was copied from, if any.
    template_id: int | None
    template_version: int | None
    #: Whether quotes and the like are replaced where that saves credits, and addresses by links that count clicks.
    fold_typography: bool
    track_links: bool
    #: The texts that are compared (JSON; `dispatch/texts/variants.py`), of which `template` is the first; or which one
    #: of its parent's a follow-up sends.
    split: JsonObject | None
    variant: int | None
    #: The template that WhatsApp approved the text as, None: sent as text; and what fills its header and buttons
    #: (JSON; `dispatch/texts/components.py` reads it). The placeholders are its parameters.
    whatsapp_template: str | None
    whatsapp_language: str | None
    whatsapp_components: JsonObject | None
    status: str
    #: customers, list, segment, everyone, remote, combined or, for a child, numbers; None until one is chosen.
    audience_kind: str | None
    list_id: int | None
    segment_id: int | None
    #: The segment's filter as it was at the claim (JSON; `dispatch/audience/filter.py` reads it).
    segment_filter: JsonObject | None
    #: What user-service is asked with (JSON; `dispatch/audience/conditions.py` reads it), if it knows the audience.
    remote_filter: JsonObject | None
    #: marketing or service; quiet hours and caps are for marketing.
    purpose: str
    #: Of the times that a person writes for it; None for the account's zone.
    timezone: str | None
    #: Each person is messaged when their own clock first shows it; None for at once.
    local_time: time | None
    #: Days and hours in which people may be messaged, by their own clock, and the country on whose public holidays not.
    send_window: str | None
    holidays: str | None
    #: One that comes to start this much later than planned waits for a person to decide.
    grace_sec: int
    #: When `send` first chose customers.
    queued_at: datetime | None
    scheduled_at: datetime | None
    #: Nothing is sent after this.
    expires_at: datetime | None
    #: When it was last claimed.
    started_at: datetime | None
    ended_at: datetime | None
    #: The error code of the last refused start; the sweep tries again at `next_check_at`.
    blocked_reason: str | None
    blocked_tries: int
    next_check_at: datetime | None
    #: The state that `resume` returns it to.
    paused_from: str | None
    reason: str | None
    #: The state that a refused preparation returns it to.
    claimed_from: str | None
    #: Of its claims, each of which has at most one hold.
    claim_epoch: int
    batch_size: int
    #: Held by the process that writes the messages.
    prep_token: UUID | None
    #: The last recipient written, in the order of the audience.
    prep_cursor: int
    prep_price: int
    prep_touched_at: datetime | None
    prep_takeovers: int
    recipients: int
    #: Credits.
    held: int
    captured: int
    released: int
    settled_at: datetime | None
    #: Grows with each change of text, channel or audience; an approval names it.
    revision: int
    approved_by: str | None
    approved_at: datetime | None
    approved_recipients: int | None
    #: A hash of what was approved (`approval.py`).
    approved_state: str | None
    #: How many of those it was started for no approval covers; None if the account asked for none, or before the start.
    unapproved_recipients: int | None
    #: The Idempotency-Key of the request that started it, and a hash of that request.
    started_key: str | None
    started_hash: str | None
    #: Who wrote it or, once it is claimed, who started it; in which request, and at which place in a trace.
    actor: str
    correlation_id: str | None
    traceparent: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def find(cls, campaign_id: int, tenant: Tenant) -> "Campaign | None":
        """Returns the campaign; None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM campaign WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": campaign_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def page(
        cls,
        tenant: Tenant,
        *,
        page: int,
        page_size: int,
        channel: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        parent_id: int | None = None,
        q: Search = (),
    ) -> Page["Campaign"]:
        """Returns one page of the tenant's campaigns with these names, newest first."""
        named, params = matches(q, "folded(name)")
        asked = {"channel": channel, "status": status, "kind": kind, "parent_id": parent_id}
        wanted = {column: value for column, value in asked.items() if value is not None}
        conditions = [owned_by(tenant), *(f"{column} = %({column})s" for column in wanted)]
        return read_page(
            f"SELECT * FROM campaign WHERE {' AND '.join([*conditions, named])}",
            {**wanted, **params, "account": tenant},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def schedule(
        cls, campaign_id: int, at: datetime, *, request_id: str, traceparent: str | None, read: int | None = None
    ) -> "Campaign | None":
        """Schedules a draft, or reschedules a scheduled campaign.

        None when it is in neither state, has no text, expires before then, the time is not in the future, or the
        campaign has another revision than the one that was read, if any was.
        """
        return row(
            f"""UPDATE campaign SET status = 'scheduled', scheduled_at = %(at)s, correlation_id = %(request)s,
                      traceparent = %(trace)s, blocked_reason = NULL, blocked_tries = 0, next_check_at = NULL,
                      updated_at = now() WHERE id = %(id)s AND status IN ('draft', 'scheduled') AND %(at)s > now()
                 AND template ~ '[^[:space:]]' AND coalesce(expires_at > %(at)s, true)
                 AND {AS_READ} RETURNING *""",
            {"id": campaign_id, "at": at, "request": request_id, "trace": traceparent, "read": read},
            into=cls,
        )

    @classmethod
    def unschedule(cls, campaign_id: int, *, read: int | None = None) -> "Campaign | None":
        """Turns a scheduled campaign back into a draft; None when it is not scheduled."""
        return row(
            f"""UPDATE campaign SET status = 'draft', scheduled_at = NULL, blocked_reason = NULL, blocked_tries = 0,
                      next_check_at = NULL, updated_at = now()
               WHERE id = %(id)s AND status = 'scheduled' AND {AS_READ} RETURNING *""",
            {"id": campaign_id, "read": read},
            into=cls,
        )

    @classmethod
    def pause(cls, campaign_id: int, reason: str, *, read: int | None = None) -> "Campaign | None":
        """Pauses a campaign; no message is claimed once this is committed. None when its state does not allow it."""
        return row(
            f"""UPDATE campaign SET paused_from = status, status = 'paused', reason = %(reason)s, updated_at = now()
               WHERE id = %(id)s AND status IN ('scheduled', 'preparing', 'sending') AND {AS_READ} RETURNING *""",
            {"id": campaign_id, "reason": reason, "read": read},
            into=cls,
        )

    @classmethod
    def resume(cls, campaign_id: int, *, read: int | None = None) -> "Campaign | None":
        """Returns a paused campaign to its previous state; None when it is not paused, or is resumed by its schedule.

        A preparation gets a new token, and open batches are pushed again. One whose time passed meanwhile is due now:
        who resumes it has decided that it is not too late.
        """
        return row(
            f"""WITH resumed AS (
                 UPDATE campaign SET status = paused_from, paused_from = NULL, reason = NULL, updated_at = now(),
                        blocked_reason = NULL, blocked_tries = 0, next_check_at = NULL,
                        scheduled_at = CASE WHEN paused_from = 'scheduled' AND scheduled_at < now()
                                                 AND coalesce(expires_at > now(), true)
                                            THEN now() ELSE scheduled_at END,
                        prep_token = CASE WHEN paused_from = 'preparing' THEN gen_random_uuid() END,
                        prep_touched_at = CASE WHEN paused_from = 'preparing' THEN now() END
                 WHERE id = %(id)s AND status = 'paused' AND paused_from <> 'recurring'
                   AND {AS_READ} RETURNING *),
               unpushed AS (
                 UPDATE batch SET pushed_at = NULL, touched_at = NULL FROM resumed
                 WHERE campaign_id = resumed.id AND resumed.status = 'sending' AND pending > 0)
               SELECT * FROM resumed""",
            {"id": campaign_id, "read": read},
            into=cls,
        )

    @classmethod
    def cancel(cls, campaign_id: int, *, read: int | None = None) -> "Campaign | None":
        """Cancels a campaign, whose messages recovery cancels and settles; None when it has ended or is recurring."""
        return row(
            f"""UPDATE campaign SET status = 'cancelled', paused_from = NULL, ended_at = now(), updated_at = now(),
                      settled_at = CASE WHEN claim_epoch = 0 THEN now() END
               WHERE id = %(id)s AND status IN ('draft', 'scheduled', 'preparing', 'sending', 'paused')
                 AND paused_from IS DISTINCT FROM 'recurring' AND {AS_READ} RETURNING *""",
            {"id": campaign_id, "read": read},
            into=cls,
        )
