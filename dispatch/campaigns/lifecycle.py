"""What a person does with a campaign: write it, find it, give it a time, pause, resume and cancel it.

Editing, copying and deleting it is `writing.py`, `send` is `start/to_customers.py`, retries and tests are
`start/follow_ups.py`, its start `start/enqueue.py`; how it is shown is `view.py`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from dispatch import queues
from dispatch.audience.choice import audience_kind, check_list, choose_customers
from dispatch.audience.segments import check_segment
from dispatch.caller import Caller
from dispatch.campaigns.rules import checked_times, found, not_to_come, note, refusal
from dispatch.campaigns.view import shown, shown_all
from dispatch.errors import InvalidRequest, NoMessageText
from dispatch.formats.checks import checked_name, checked_time
from dispatch.outbox import push_due_batches
from dispatch.texts.stored import check_version, text_for_campaign
from models.campaign import Campaign
from models.database import db, row, rows
from models.states import CAMPAIGN_STATES, CHANNELS
from models.tenancy import owned_by

log = structlog.get_logger()

Move = Callable[[], dict[str, Any] | None]


def create_campaign(
    caller: Caller,
    *,
    name: str,
    template: str = "",
    template_id: int | None = None,
    channel: str = "sms",
    customer_ids: Sequence[int] | None = None,
    list_id: int | None = None,
    segment_id: int | None = None,
    everyone: bool = False,
    scheduled_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    """Writes a campaign, `scheduled` when it has a time and else `draft`, and gives it as shown."""
    account_id = caller.one_account()
    if channel not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    text = text_for_campaign(caller, account_id, template=template, template_id=template_id, channel=channel)
    kind = audience_kind(customer_ids, list_id, everyone, segment_id)
    values = {
        "account": account_id,
        "name": checked_name(name),
        "channel": channel,
        "template": text.text,
        "template_id": text.template_id,
        "version": text.version,
        "kind": kind,
        "list": list_id,
        "segment": segment_id,
        "actor": caller.actor,
        "request": caller.request_id,
        **checked_times(scheduled_at, expires_at),
    }
    with db.atomic():
        check_list(account_id, list_id)
        check_segment(account_id, segment_id)
        check_version(account_id, text.template_id, text.version)
        made = row(_INSERT, values)
        if made is None:
            raise not_to_come("scheduled_at" if scheduled_at else "expires_at")
        if scheduled_at and not text.text.strip():
            raise NoMessageText("A campaign with a time needs a text; nobody will be there to write it when it is due.")
        if customer_ids is not None:
            choose_customers(account_id, made["id"], customer_ids)
        note(caller, "campaign.created", made, status=made["status"])
        return shown(made)


def read_campaign(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """The campaign as shown, with its counts; without an account (an operator), anybody's."""
    return shown(found(caller, campaign_id))


def list_campaigns(
    caller: Caller,
    *,
    page: int = 1,
    page_size: int = 20,
    channel: str | None = None,
    status: str | None = None,
    q: str | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """One page of campaigns, newest first, and how many there are in all; `q` searches their names."""
    if channel is not None and channel not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    if status is not None and status not in CAMPAIGN_STATES:
        raise InvalidRequest(f"status is one of {', '.join(CAMPAIGN_STATES)}.", field="status")
    given: dict[str, Any] = {"channel": channel, "status": status}
    conditions = [f"{column} = %({column})s" for column, value in given.items() if value is not None]
    conditions.append(owned_by(caller.account))
    given["account"] = caller.account
    if q:
        conditions.append("strpos(lower(name), lower(%(q)s)) > 0")
        given["q"] = q
    where = " AND ".join(conditions)
    page_rows = rows(
        f"SELECT * FROM campaign WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s",
        {**given, "limit": page_size, "offset": (page - 1) * page_size},
    )
    total = row(f"SELECT count(*) AS total FROM campaign WHERE {where}", given)
    assert total is not None
    return shown_all(page_rows), total["total"]


def schedule_campaign(caller: Caller, campaign_id: int, at: datetime) -> dict[str, Any]:
    """Gives a draft or scheduled campaign its (new) time, and gives it as shown."""
    time = checked_time(at, field="scheduled_at")
    assert time is not None
    campaign = found(caller, campaign_id)
    if campaign["status"] not in ("draft", "scheduled"):
        raise refusal("scheduled", campaign["status"])
    if not campaign["template"].strip():
        raise NoMessageText
    if campaign["expires_at"] and campaign["expires_at"] <= time:
        raise InvalidRequest("scheduled_at must be before the campaign's expires_at.", field="scheduled_at")
    with db.atomic():
        moved = Campaign.schedule(campaign_id, time)
        if moved is None:
            status = found(caller, campaign_id)["status"]
            raise not_to_come("scheduled_at") if status in ("draft", "scheduled") else refusal("scheduled", status)
        note(caller, "campaign.scheduled", moved, scheduled_at=time.isoformat())
    return shown(moved)


def unschedule_campaign(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """Takes a scheduled campaign's time back: it is a draft again, and starts only by hand."""
    found(caller, campaign_id)
    return _moved(caller, "unscheduled", campaign_id, lambda: Campaign.unschedule(campaign_id))


def pause_campaign(caller: Caller, campaign_id: int, *, reason: str = "") -> dict[str, Any]:
    """Stops a campaign where it is; what is in flight ends, nothing new is claimed."""
    found(caller, campaign_id)
    return _moved(caller, "paused", campaign_id, lambda: Campaign.pause(campaign_id, reason))


def resume_campaign(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """Lets a paused campaign go on where it was, with new jobs for what is open.

    With Redis away nothing is lost: recovery pushes the jobs when it is back.
    """
    found(caller, campaign_id)
    campaign = _moved(caller, "resumed", campaign_id, lambda: Campaign.resume(campaign_id))
    if campaign["status"] == "sending":
        db.after_commit(partial(push_due_batches, campaign_id))
    elif campaign["status"] == "preparing":
        current = Campaign.find(campaign_id, caller.account)
        if current and current["prep_token"]:
            db.after_commit(partial(queues.push_preparation, campaign_id, current["prep_token"]))
    return campaign


def cancel_campaign(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """Ends a campaign; what was not sent never will be, and its credits come back."""
    found(caller, campaign_id)
    return _moved(caller, "cancelled", campaign_id, lambda: Campaign.cancel(campaign_id))


# Whether a time is still to come is judged here, by the database's clock: web hosts' clocks differ.
_INSERT = """
INSERT INTO campaign (account_id, name, channel, template, template_id, template_version, audience_kind, list_id,
                      segment_id, status, scheduled_at, expires_at, actor, correlation_id)
SELECT %(account)s, %(name)s, %(channel)s, %(template)s, %(template_id)s, %(version)s, %(kind)s, %(list)s, %(segment)s,
       CASE WHEN %(scheduled_at)s::timestamptz IS NULL THEN 'draft' ELSE 'scheduled' END,
       %(scheduled_at)s, %(expires_at)s, %(actor)s, %(request)s
WHERE coalesce(%(scheduled_at)s::timestamptz, %(expires_at)s::timestamptz, 'infinity') > now()
RETURNING *
"""


def _moved(caller: Caller, verb: str, campaign_id: int, move: Move) -> dict[str, Any]:
    with db.atomic():
        moved = move()
        if moved is None:
            raise refusal(verb, found(caller, campaign_id)["status"])
        note(caller, f"campaign.{verb}", moved, status=moved["status"])
    log.info(f"campaign.{verb}", campaign_id=campaign_id, status=moved["status"])
    return shown(moved)
