"""How a campaign's row is written, edited, copied and deleted, each in one statement."""

from typing import Any

from models.campaign import DEFAULT_LIFE
from models.database import changed, row

# What a campaign says, and whom it is for: a copy takes both, a child only the first.
CONTENT = ("channel", "template", "template_id", "template_version")
AUDIENCE = ("audience_kind", "list_id", "segment_id", "segment_filter")
EDITABLE = frozenset({"name", "scheduled_at", "expires_at", "queued_at", *CONTENT, *AUDIENCE})


def edit(campaign_id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    """Writes these columns of a draft or scheduled campaign and lets it be checked anew.

    None when it is in neither state, or when its times would not lie in the future, one after the other.
    """
    assert values.keys() <= EDITABLE
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
        f"""UPDATE campaign SET {sets} blocked_reason = NULL, blocked_tries = 0, next_check_at = NULL,
                   updated_at = now()
            WHERE id = %(id)s AND status IN ('draft', 'scheduled') AND {to_come or "true"}
              AND coalesce({ends}, 'infinity') > coalesce({starts}, '-infinity')
            RETURNING *""",
        {**values, "id": campaign_id},
    )


def queue(campaign_id: int) -> dict[str, Any] | None:
    """Lets customers be chosen for a campaign that has not started, instead of any other audience.

    None when it has started or ended. `first` says that none were queued before.
    """
    others = "".join(f"{column} = NULL, " for column in AUDIENCE if column != "audience_kind")
    # Locked first, so that `first` is judged by the newest row: a racing twin may just have queued others.
    return row(
        f"""WITH old AS MATERIALIZED (
              SELECT id, queued_at FROM campaign WHERE id = %s AND status IN ('draft', 'scheduled')
              FOR NO KEY UPDATE)
            UPDATE campaign SET audience_kind = 'customers', {others} queued_at = coalesce(old.queued_at, now()),
                   blocked_reason = NULL, blocked_tries = 0, next_check_at = NULL, updated_at = now()
            FROM old WHERE campaign.id = old.id
            RETURNING campaign.*, old.queued_at IS NULL AS first""",
        [campaign_id],
    )


def duplicate(campaign_id: int, *, name: str, actor: str, request_id: str | None) -> dict[str, Any] | None:
    """Writes a draft with the content and the audience of a campaign; chosen customers are copied by the caller.

    Numbers of a child become the customers they belong to; a filter is only copied when its segment is gone.
    """
    columns = (*CONTENT, *AUDIENCE)
    copied = {column: column for column in columns} | {
        "audience_kind": "CASE audience_kind WHEN 'numbers' THEN 'customers' ELSE audience_kind END",
        # Of a segment that was deleted since, the filter is all there is.
        "segment_filter": "CASE WHEN segment_id IS NULL THEN segment_filter END",
    }
    return row(
        f"""INSERT INTO campaign (account_id, name, actor, correlation_id, {", ".join(columns)})
            SELECT account_id, %(name)s, %(actor)s, %(request)s, {", ".join(copied.values())}
            FROM campaign WHERE id = %(id)s RETURNING *""",
        {"id": campaign_id, "name": name, "actor": actor, "request": request_id},
    )


def spawn(parent_id: int, *, kind: str, name: str, actor: str, request_id: str | None) -> dict[str, Any]:
    """Writes a child with the content of its parent, for numbers it is yet to be given.

    It ends when its parent was told to end, if that is still to come; a default end is its own. A retry is approved
    when its parent is: the same text for some of the same people.
    """
    columns = ", ".join(CONTENT)
    approval = "approved_by, approved_at, approved_recipients" if kind == "retry" else "NULL, NULL, NULL"
    child = row(
        f"""INSERT INTO campaign (account_id, parent_id, kind, name, audience_kind, actor, correlation_id, expires_at,
                                  approved_by, approved_at, approved_recipients, {columns})
            SELECT account_id, id, %(kind)s, %(name)s, 'numbers', %(actor)s, %(request)s,
                   CASE WHEN expires_at > now() THEN nullif(expires_at, started_at + interval '{DEFAULT_LIFE}') END,
                   {approval}, {columns}
            FROM campaign WHERE id = %(id)s RETURNING *""",
        {"id": parent_id, "kind": kind, "name": name, "actor": actor, "request": request_id},
    )
    assert child is not None
    return child


def delete(campaign_id: int) -> bool:
    """Deletes a draft, with whom it was given; its tests stay. False when it is no draft."""
    return changed("DELETE FROM campaign WHERE id = %s AND status = 'draft'", [campaign_id]) == 1
