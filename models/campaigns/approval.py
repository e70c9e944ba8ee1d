"""Approvals: a second person's consent to what a campaign sends, and whether it stands when the campaign starts.

A trigger revokes it when the campaign or its segment changes. Whatever else it was for is in `approved_state`. The
conditions are over the row `campaign` of the statement that they are part of.
"""

from dataclasses import dataclass
from datetime import datetime

from models.campaigns.campaign import Campaign
from models.campaigns.hands import SOURCES, has_hand
from models.database import count, one, row, rows, scalar

# Through whom it goes: what the providers on its route are, but not their order, their shares, their rates and their
# credentials. None without a route, so that an account that gets its first one has another state.
_ROUTE = """(SELECT jsonb_agg(DISTINCT jsonb_build_array(p.kind, p.settings - '{rate,daily}'::text[], p.base_url))
             FROM route r JOIN provider p ON p.id = r.provider_id
             WHERE r.account_id = campaign.account_id AND r.channel = campaign.channel)"""
# What is approved. A list counts with its additions or, when it is excluded, with those who left it; a segment with its
# filter, and the lists that this names with both. People who come or change otherwise are counted at the start.
STATE = f"""encode(sha256(convert_to(jsonb_build_array(
    campaign.channel,
    CASE WHEN campaign.split IS NULL THEN to_jsonb(campaign.template) ELSE campaign.split END,
    campaign.fold_typography, campaign.track_links, campaign.purpose, campaign.local_time,
    campaign.send_window, campaign.holidays, campaign.audience_kind, campaign.remote_filter,
    campaign.whatsapp_template,
    CASE WHEN campaign.whatsapp_components IS NULL THEN to_jsonb(campaign.whatsapp_language)
         ELSE jsonb_build_array(campaign.whatsapp_language, campaign.whatsapp_components) END,
    (SELECT jsonb_build_array(a.sender, a.text_to, a.business_id, a.link_url) || coalesce({_ROUTE}, '[]')
     FROM account a WHERE a.id = campaign.account_id),
    (SELECT jsonb_agg(part ORDER BY part) FROM (
        SELECT jsonb_build_array(to_jsonb(source) - 'segment_filter',
                                 CASE source.role WHEN 'filter' THEN l.revision + l.departures::bigint
                                                  WHEN 'exclude' THEN l.departures ELSE l.revision END,
                                 coalesce(source.segment_filter, s.filter)) AS part
        FROM ({SOURCES}) source
        LEFT JOIN customer_list l ON l.id = source.list_id
        LEFT JOIN segment s ON s.id = source.segment_id) parts))::text, 'UTF8')), 'hex')"""
# The text and the people of a retry are those of its parent, and no one can edit it before it starts.
_SAME = f"(campaign.kind = 'retry' OR campaign.approved_state IS NOT DISTINCT FROM {STATE})"
_ABOVE = "(SELECT approval_above FROM account WHERE account.id = campaign.account_id)"
_APPROVER_HAS_HAND = has_hand("campaign.approved_by")


def _by_starter(actor: str) -> str:
    return f"campaign.approved_by = ANY(names_of_person({actor}))"


# Started without an approval in the last 24 hours, by other campaigns of the account.
_TODAY = """(SELECT coalesce(sum(other.unapproved_recipients), 0) FROM campaign other
             WHERE other.account_id = campaign.account_id AND other.id <> campaign.id
               AND other.unapproved_recipients > 0 AND other.started_at > now() - interval '24 hours')"""


def _stands(actor: str) -> str:
    return f"""(campaign.approved_at IS NOT NULL AND NOT {_by_starter(actor)} AND {_SAME}
                AND NOT {_APPROVER_HAS_HAND})"""


def _unapproved(recipients: str, changed: str, actor: str) -> str:
    return f"""(CASE WHEN {_stands(actor)} THEN greatest({recipients} - campaign.approved_recipients, {changed}, 0)
                     ELSE {recipients} END)"""


def may_start(*, recipients: str, changed: str, actor: str) -> str:
    """Returns the condition that the account may message those of so many recipients whom no approval covers.

    Of an approved campaign that is whoever has come or `changed` since. They count together with those of the last 24
    hours; only whoever has taken a turn sees all of those. The arguments are SQL.
    """
    # OFFSET 0, so that the first line is evaluated once.
    asked = f"SELECT {_unapproved(recipients, changed, actor)} AS unapproved, {_ABOVE} AS above OFFSET 0"
    return f"(SELECT coalesce(unapproved = 0 OR unapproved + {_TODAY} <= above, true) FROM ({asked}) asked)"


def unapproved(*, recipients: str, changed: str, actor: str) -> str:
    """Returns how many of so many recipients no approval covers; NULL when the account asks for none."""
    return f"CASE WHEN {_ABOVE} IS NOT NULL THEN {_unapproved(recipients, changed, actor)} END"


#: Whether the account asks for no approvals; then any campaign may start, and nothing is counted.
ASKS_FOR_NONE = f"(SELECT {_ABOVE} IS NULL)"


def take_turn(campaign_id: int) -> None:
    """Makes other starts of the account wait until the transaction ends, if they are counted together.

    Otherwise two small campaigns at once would not see each other. The campaign is locked first, as whoever chooses its
    customers does, so that no two wait for each other.
    """
    rows(
        """WITH locked AS MATERIALIZED (SELECT account_id FROM campaign WHERE id = %s FOR NO KEY UPDATE)
           SELECT pg_advisory_xact_lock(hashtextextended('approval:' || a.id, 0))
           FROM locked JOIN account a ON a.id = locked.account_id WHERE a.approval_above IS NOT NULL""",
        [campaign_id],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a campaign may start with so many recipients as far as its approval is concerned, and why not."""

    #: Of the campaign: normal, retry, rest, test or occurrence.
    kind: str
    #: How many people the account may message in 24 hours without an approval; None for any number.
    above: int | None
    #: How many its other campaigns of the last 24 hours have gone to.
    today: int
    may_start: bool
    revision: int
    approved_by: str | None
    approved_recipients: int | None
    #: Whether the approval is that of the person who starts it.
    by_starter: bool | None
    #: Whether whoever approved it had a hand in what it sends.
    by_hand: bool | None
    #: Whether it still sends what was approved.
    same: bool


def judge(campaign_id: int, *, recipients: int, changed: int, actor: str) -> Judgement:
    """Returns whether an existing campaign may start, as the statement that claims it will decide.

    It explains a refusal: the claim decides, because anything may change in between.
    """
    return one(
        f"""SELECT kind, {_ABOVE} AS above, {_TODAY} AS today, revision, approved_by, approved_recipients,
                   {may_start(recipients="%(recipients)s", changed="%(changed)s", actor="%(actor)s")} AS may_start,
                   {_by_starter("%(actor)s")} AS by_starter,
                   approved_by IS NOT NULL AND {_APPROVER_HAS_HAND} AS by_hand, {_SAME} AS same
            FROM campaign WHERE id = %(id)s""",
        {"id": campaign_id, "recipients": recipients, "changed": changed, "actor": actor},
        into=Judgement,
    )


def changed_recipients(campaign: Campaign, *, any_field: bool) -> int:
    """Returns how many of a prepared campaign's recipients have come, or changed their phone, since its approval.

    Or changed anything, with `any_field`.
    """
    column = "changed_at" if any_field else "phone_since"
    return count(
        f"""SELECT count(*) FROM message m JOIN customer cu ON cu.id = m.customer_id
            WHERE m.campaign_id = %s AND m.state = 'pending' AND cu.{column} >= %s""",
        [campaign.id, campaign.approved_at],
    )


def lock(campaign_id: int) -> Campaign | None:
    """Returns the campaign's row, locked until the caller's transaction ends."""
    return row("SELECT * FROM campaign WHERE id = %s FOR NO KEY UPDATE", [campaign_id], into=Campaign)


def everything_before() -> datetime:
    """Returns a time before which no customer came or changed whom the next statement does not see.

    Now or, if it is earlier, when the oldest of the transactions began that are writing: what they have written is seen
    only later. (PostgreSQL shows a role the transactions of its own sessions, and all processes have one role.)
    """
    found: datetime = scalar(
        """SELECT least(statement_timestamp(), min(xact_start)) FROM pg_stat_activity
           WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"""
    )
    return found


def approve(campaign_id: int, *, recipients: int, actor: str, at: datetime) -> Campaign | None:
    """Approves a campaign as it is for this many recipients, who were counted when `everything_before` was this.

    None when it has started or ended, or the person had a hand in what it sends. A campaign set aside for want of an
    approval is checked again by the next sweep.
    """
    return row(
        f"""UPDATE campaign SET approved_by = %(actor)s, approved_at = %(at)s, approved_recipients = %(recipients)s,
                  approved_state = {STATE}, updated_at = now(),
                  next_check_at = CASE WHEN blocked_reason = 'APPROVAL_REQUIRED' THEN NULL ELSE next_check_at END,
                  blocked_tries = CASE WHEN blocked_reason = 'APPROVAL_REQUIRED' THEN 0 ELSE blocked_tries END,
                  blocked_reason = nullif(blocked_reason, 'APPROVAL_REQUIRED')
           WHERE id = %(id)s AND (status IN ('draft', 'scheduled', 'recurring')
                                  OR paused_from IN ('scheduled', 'recurring'))
             AND NOT {has_hand("%(actor)s")} RETURNING *""",
        {"id": campaign_id, "recipients": recipients, "actor": actor, "at": at},
        into=Campaign,
    )


def has_written(campaign_id: int, actor: str) -> bool:
    """Returns whether the person who is this actor had a hand in what the campaign sends."""
    found = one(
        f"SELECT {has_hand('%(actor)s')} AS found FROM campaign WHERE id = %(id)s",
        {"id": campaign_id, "actor": actor},
    )
    return bool(found["found"])
