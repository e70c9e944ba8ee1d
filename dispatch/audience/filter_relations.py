"""Conditions of a segment that look at other rows than the customer's own: its lists, and messages of campaigns.

Each is a look-up by an index for every customer that is looked at: of memberships by customer, of messages by campaign
and number. Retries, rests and occurrences of a campaign count as that campaign; tests never do.
"""

from collections.abc import Callable
from typing import Any, get_args

from dispatch.audience.filter import Condition, Relation

RELATIONS = get_args(Relation)

# What a message that the person has, and one that certainly did not arrive, may be; unknown ones are neither.
_BECAME = {"received_campaign": "'sent', 'delivered', 'read'", "failed_campaign": "'failed', 'undelivered'"}

_ON_LIST = """EXISTS (SELECT FROM list_member WHERE list_member.account_id = cu.account_id
    AND list_member.customer_id = cu.id AND list_member.list_id = ANY ({ids}::bigint[]))"""

_OF_CAMPAIGNS = """EXISTS (SELECT FROM message WHERE message.phone = cu.phone AND message.state IN ({became})
    AND message.campaign_id = ANY (ARRAY(
        WITH named AS (
            SELECT id FROM campaign WHERE account_id = %(account)s AND id = ANY ({ids}::bigint[])
            UNION SELECT id FROM campaign WHERE account_id = %(account)s AND parent_id = ANY ({ids}::bigint[])
                                            AND kind = 'occurrence')
        SELECT id FROM named
        UNION SELECT c.id FROM campaign c JOIN named ON c.root_id = named.id WHERE c.account_id = %(account)s)))"""

# A message that failed has no time of its own; that of its campaign's start counts.
_LATELY = """EXISTS (SELECT FROM campaign JOIN message ON message.campaign_id = campaign.id
    WHERE campaign.account_id = %(account)s AND campaign.kind <> 'test' AND campaign.started_at IS NOT NULL
      AND (campaign.ended_at IS NULL OR campaign.ended_at >= {since}) AND message.phone = cu.phone
      AND message.state IN ({became}) AND coalesce(message.sent_at, campaign.started_at) >= {since})"""


def holds_of(condition: Condition, operator: str, bind: Callable[[Any], str], *, today: str, zone: str) -> str:
    """Returns the condition on the customer `cu` as SQL; `today` and `zone` are SQL for the account's day and clock."""
    value = condition.value
    if operator == "in_list":
        return _ON_LIST.format(ids=bind(value))
    became = _BECAME[condition.field]
    if operator == "in_last_days":
        since = f"(({today} - {bind(value)}::integer)::timestamp AT TIME ZONE {zone})"
        return _LATELY.format(became=became, since=since)
    return _OF_CAMPAIGNS.format(became=became, ids=bind(value if isinstance(value, list) else [value]))
