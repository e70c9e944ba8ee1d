"""Writes, edits and copies a campaign's row, each in one statement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time
from typing import Any, TypedDict
from uuid import UUID

from psycopg.types.json import Jsonb

from models.campaigns.blocking import DECIDED_BY
from models.campaigns.campaign import AS_READ, Campaign
from models.database import row
from models.row import JsonObject

# What a campaign says, and who it is for: a copy takes over both, a child only the content.
CONTENT = (
    *("channel", "template", "template_id", "template_version", "fold_typography", "split"),
    *("track_links", "whatsapp_template", "whatsapp_language", "whatsapp_components"),
    *("purpose", "timezone", "send_window", "holidays"),
)
AUDIENCE = ("audience_kind", "list_id", "segment_id", "segment_filter", "remote_filter")
# When it starts and whom it then reaches when: a copy takes it over, a child that starts at once does not.
TIMING = ("local_time", "grace_sec")
# A change lets the next sweep check a campaign again, unless a person has to decide and this decides nothing.
_STILL_BLOCKED = "CASE WHEN blocked_reason = ANY(%(undecided)s) THEN blocked_reason END"


class Timing(TypedDict, total=False):
    """The columns that say when a campaign may reach people."""

    purpose: str
    timezone: str | None
    local_time: time | None
    send_window: str | None
    holidays: str | None
    grace_sec: int


class EditedColumns(Timing, total=False):
    """The columns that an edit may write."""

    name: str
    channel: str
    template: str
    template_id: int | None
    template_version: int | None
    fold_typography: bool
    track_links: bool
    split: JsonObject | None
    whatsapp_template: str | None
    whatsapp_language: str | None
    whatsapp_components: JsonObject | None
    audience_kind: str | None
    list_id: int | None
    segment_id: int | None
    segment_filter: None
    remote_filter: JsonObject | None
    queued_at: None
    scheduled_at: datetime | None
    expires_at: datetime | None
    correlation_id: str
    traceparent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """The columns that a new campaign is written with."""

    account_id: UUID
    name: str
    channel: str
    template: str
    template_id: int | None
    template_version: int | None
    fold_typography: bool
    track_links: bool
    #: The texts that are compared, if there are several.
    split: JsonObject | None
    whatsapp_template: str | None
    whatsapp_language: str | None
    whatsapp_components: JsonObject | None
    audience_kind: str | None
    list_id: int | None
    segment_id: int | None
    #: What user-service is asked with, for an audience that it knows.
    remote_filter: JsonObject | None
    scheduled_at: datetime | None
    expires_at: datetime | None
    purpose: str
    timezone: str | None
    local_time: time | None
    send_window: str | None
    holidays: str | None
    grace_sec: int
    actor: str
    correlation_id: str
    traceparent: str | None


def write(new: NewCampaign) -> Campaign | None:
    """Inserts a campaign, `scheduled` when it has a time or else `draft`; None when its time or its end has passed.

    The database's clock decides, because the clocks of web hosts differ.
    """
    columns = [field.name for field in fields(NewCampaign)]
    return row(
        f"""INSERT INTO campaign ({", ".join(columns)}, status)
           SELECT {", ".join(f"%({column})s" for column in columns)},
                  CASE WHEN %(scheduled_at)s::timestamptz IS NULL THEN 'draft' ELSE 'scheduled' END
           WHERE coalesce(%(scheduled_at)s::timestamptz, %(expires_at)s::timestamptz, 'infinity') > now()
           RETURNING *""",
        asdict(new) | _as_json(asdict(new)),
        into=Campaign,
    )


def edit(campaign_id: int, values: EditedColumns, *, channel: str | None, may_send: bool) -> Campaign | None:
    """Writes these columns of a draft, scheduled or recurring campaign, and lets the next sweep check it again.

    One that came too late or has expired waits for a person until the edit decides that. None when it is in none of
    these states, when its times would not be in the future and in order, when its channel is no longer the one that the
    new text was checked for, when it is no draft and the editor may not send, when it is recurring and would get a time
    of its own, when it is a child, whose numbers are its only audience, or when it would start by itself without a
    text, or without the audience that it has.
    """
    if unknown := values.keys() - EditedColumns.__annotations__.keys():
        raise ValueError(f"not columns that can be edited: {unknown}")
    sets = "".join(f"{column} = %({column})s, " for column in values)
    if "scheduled_at" in values:
        sets += "status = CASE WHEN %(scheduled_at)s::timestamptz IS NULL THEN 'draft' ELSE 'scheduled' END, "
    starts, ends = (
        f"%({column})s::timestamptz" if column in values else column for column in ("scheduled_at", "expires_at")
    )
    to_come = " AND ".join(
        f"coalesce(%({column})s::timestamptz, 'infinity') > now()"
        for column in ("scheduled_at", "expires_at")
        if column in values
    )
    return row(
        f"""UPDATE campaign SET {sets} blocked_reason = {_STILL_BLOCKED}, blocked_tries = 0, next_check_at = NULL,
                   updated_at = now()
            WHERE id = %(id)s AND {_editable(values)} AND {to_come or "true"}
              AND coalesce({ends}, 'infinity') > coalesce({starts}, '-infinity')
              AND channel = coalesce(%(as_channel)s, channel) AND (%(may_send)s OR status = 'draft')
              AND ({_stays_a_draft(values)} OR {_complete(values)})
            RETURNING *""",
        {
            **values,
            **_as_json(values),
            "id": campaign_id,
            "as_channel": channel,
            "may_send": may_send,
            "undecided": [code for code, fields in DECIDED_BY.items() if not fields & values.keys()],
        },
        into=Campaign,
    )


def _editable(values: EditedColumns) -> str:
    """Returns the condition that these columns may be written in the campaign's state."""
    states = "status IN ('draft', 'scheduled')"
    if "scheduled_at" not in values:
        states = f"({states} OR 'recurring' IN (status, paused_from))"
    return f"{states} AND audience_kind IS DISTINCT FROM 'numbers'" if "audience_kind" in values else states


def _stays_a_draft(values: EditedColumns) -> str:
    """Returns the condition that the campaign does not start by itself after the edit."""
    return "%(scheduled_at)s::timestamptz IS NULL" if "scheduled_at" in values else "status = 'draft'"


def _complete(values: EditedColumns) -> str:
    """Returns the condition that the edit leaves a text, and takes no audience away without another.

    A scheduled campaign may have no audience yet: `send` then chooses its customers.
    """
    text = "%(template)s" if "template" in values else "template"
    asked = [f"{text} ~ '[^[:space:]]'"] if {"template", "scheduled_at"} & values.keys() else []
    if "audience_kind" in values:
        asked.append("%(audience_kind)s::text IS NOT NULL OR audience_kind IS NULL")
    return " AND ".join(f"({each})" for each in asked) or "true"


def queue(campaign_id: int, *, read: int | None = None) -> Campaign | None:
    """Lets customers be chosen for a draft or scheduled campaign, beside those that it has.

    None when it is in neither state or has an audience of another kind, which stays as it is, or has another revision
    than the one that was read, if any was.
    """
    return row(
        f"""UPDATE campaign SET audience_kind = 'customers', queued_at = coalesce(queued_at, now()),
                   blocked_reason = {_STILL_BLOCKED}, blocked_tries = 0, next_check_at = NULL, updated_at = now()
            WHERE id = %(id)s AND status IN ('draft', 'scheduled')
              AND coalesce(audience_kind, 'customers') = 'customers' AND {AS_READ}
            RETURNING *""",
        {"id": campaign_id, "undecided": list(DECIDED_BY), "read": read},
        into=Campaign,
    )


def duplicate(campaign_id: int, *, name: str, actor: str, request_id: str) -> Campaign | None:
    """Writes a draft like a campaign, which stays locked until the caller has copied its customers and parts.

    A child's numbers become the customers they belong to. A filter is only copied when its segment has been deleted.
    """
    columns = (*CONTENT, *TIMING, *AUDIENCE)
    copied = {column: column for column in columns} | {
        "audience_kind": "CASE audience_kind WHEN 'numbers' THEN 'customers' ELSE audience_kind END",
        # Without its segment, the filter is all that is left of the audience.
        "segment_filter": "CASE WHEN segment_id IS NULL THEN segment_filter END",
    }
    return row(
        f"""INSERT INTO campaign (account_id, name, actor, correlation_id, {", ".join(columns)})
            SELECT account_id, %(name)s, %(actor)s, %(request)s, {", ".join(copied.values())}
            FROM campaign WHERE id = %(id)s FOR SHARE RETURNING *""",
        {"id": campaign_id, "name": name, "actor": actor, "request": request_id},
        into=Campaign,
    )


def _as_json(values: Mapping[str, Any]) -> dict[str, Jsonb | None]:
    """Returns the columns that hold JSON, as psycopg writes them."""
    found = {column: values.get(column) for column in ("remote_filter", "split", "whatsapp_components")}
    return {column: None if value is None else Jsonb(value) for column, value in found.items()}
