"""Recipients that were chosen one by one: a campaign's customers, or the numbers of a child campaign."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.campaigns.campaign import Campaign
from models.database import changed, count, rows
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCustomer(Row):
    """One chosen customer of a campaign whose audience is `customers`."""

    account_id: UUID
    campaign_id: int
    customer_id: int

    @classmethod
    def choose(cls, account_id: UUID, campaign_id: int, customer_ids: list[int]) -> int:
        """Adds customers of the same account to the campaign; returns how many of them are new."""
        return len(
            rows(
                """INSERT INTO campaign_customer (account_id, campaign_id, customer_id)
                   SELECT account_id, %(campaign)s, id FROM customer
                   WHERE account_id = %(account)s AND id = ANY(%(ids)s)
                   ON CONFLICT DO NOTHING RETURNING customer_id""",
                {"account": account_id, "campaign": campaign_id, "ids": customer_ids},
            )
        )

    @classmethod
    def ids(cls, campaign_id: int) -> set[int]:
        """Returns the ids of the customers chosen for the campaign."""
        chosen = rows("SELECT * FROM campaign_customer WHERE campaign_id = %s", [campaign_id], into=cls)
        return {choice.customer_id for choice in chosen}

    @classmethod
    def counts(cls, campaign_ids: list[int]) -> dict[int, int]:
        """Counts the customers chosen for each of these campaigns; campaigns without any are left out."""
        if not campaign_ids:
            return {}
        found = rows(
            """SELECT campaign_id, count(*) AS customers FROM campaign_customer
               WHERE campaign_id = ANY(%s) GROUP BY campaign_id""",
            [campaign_ids],
        )
        return {count["campaign_id"]: count["customers"] for count in found}

    @classmethod
    def forget(cls, campaign_id: int) -> None:
        """Removes all chosen customers from the campaign."""
        changed("DELETE FROM campaign_customer WHERE campaign_id = %s", [campaign_id])

    @classmethod
    def copy(cls, campaign: Campaign, source_id: int) -> int:
        """Chooses the customers of another campaign, by choice or by number, for this one; returns how many.

        A remote audience is fetched by each campaign for itself.
        """
        if campaign.audience_kind == "remote":
            return 0
        return changed(
            """INSERT INTO campaign_customer (account_id, campaign_id, customer_id)
               SELECT account_id, %(campaign)s, customer_id FROM campaign_customer WHERE campaign_id = %(source)s
               UNION
               SELECT account_id, %(campaign)s, customer_id FROM campaign_number
               WHERE campaign_id = %(source)s AND customer_id IS NOT NULL""",
            {"campaign": campaign.id, "source": source_id},
        )


# A row that another child of the same root holds may be taken over once that child has ended without messaging the
# person: their message is in one of these states, or was never written. The child of a concurrent call is not in this
# statement's snapshot, so its rows are never free.
_FREE = """
EXISTS (SELECT FROM campaign owner
        WHERE owner.id = owned.campaign_id AND owner.status IN ('completed', 'cancelled', 'failed')
          AND NOT EXISTS (SELECT FROM message m WHERE m.campaign_id = owner.id AND m.phone = owned.phone
                                                  AND m.state <> ALL(%(not_messaged)s)))
"""

# Ordered, so that two follow-ups of one campaign meet at the same row first and cannot lock each other out.
_TAKE = f"""
INSERT INTO campaign_number AS owned (account_id, campaign_id, root_id, customer_id, phone)
{{candidates}}
ORDER BY cu.id
ON CONFLICT (root_id, customer_id) DO UPDATE SET campaign_id = excluded.campaign_id, phone = excluded.phone
WHERE {_FREE}
"""

# A person whose number has been corrected since is tried at the new one, unless someone else got the text there.
_TAKE_FAILED = _TAKE.format(
    candidates="""
SELECT cu.account_id, %(child)s, %(root)s, cu.id, cu.phone
FROM message m JOIN customer cu ON cu.id = m.customer_id AND cu.account_id = %(account)s
WHERE m.campaign_id = %(parent)s AND m.state IN ('failed', 'undelivered')
  AND NOT EXISTS (SELECT FROM message o WHERE o.campaign_id = %(parent)s AND o.phone = cu.phone
                                          AND o.state NOT IN ('failed', 'undelivered'))"""
)

# Neither the person nor the number may have a message of the root: two anti-joins over its messages, one pass each.
_TAKE_REST = _TAKE.format(
    candidates="""
SELECT cu.account_id, %(child)s, %(root)s, cu.id, cu.phone
FROM {members} AND ({skipped}) IS NULL
  AND NOT EXISTS (SELECT FROM message m WHERE m.campaign_id = %(root)s AND m.customer_id = cu.id)
  AND NOT EXISTS (SELECT FROM message m WHERE m.campaign_id = %(root)s AND m.phone = cu.phone)"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignNumber(Row):
    """One number that was assigned to a child campaign."""

    id: int
    account_id: UUID
    campaign_id: int
    #: The campaign that the child follows up; None for a test.
    root_id: int | None
    customer_id: int | None
    phone: str

    @classmethod
    def take_failed(cls, child: Campaign, parent_id: int, root_id: int) -> int:
        """Assigns to the child everyone whom the parent failed to reach and no other retry holds; returns how many."""
        return changed(
            _TAKE_FAILED,
            {
                "child": child.id,
                "account": child.account_id,
                "parent": parent_id,
                "root": root_id,
                "not_messaged": ["failed", "undelivered", "cancelled", "skipped"],
            },
        )

    @classmethod
    def take_rest(cls, child: Campaign, root_id: int, *, members: str, skipped: str, params: dict[str, Any]) -> int:
        """Assigns to the child the root's current audience minus everyone already messaged; returns how many.

        `members` and `skipped` are the audience as SQL (`dispatch/audience/members.py`), over the customers `cu`.
        """
        given = {"child": child.id, "root": root_id, "not_messaged": ["cancelled", "skipped"]}
        return changed(_TAKE_REST.format(members=members, skipped=skipped), {**params, **given})

    @classmethod
    def assign(cls, child: Campaign, phones: list[str]) -> int:
        """Assigns its numbers to a test, each with the customer it belongs to, if any; returns how many."""
        return changed(
            """INSERT INTO campaign_number (account_id, campaign_id, customer_id, phone)
               SELECT %(account)s, %(child)s, cu.id, given.phone
               FROM unnest(%(phones)s::text[]) WITH ORDINALITY AS given (phone, place)
               LEFT JOIN customer cu ON cu.account_id = %(account)s AND cu.phone = given.phone
               ORDER BY given.place""",
            {"account": child.account_id, "child": child.id, "phones": phones},
        )


def root_of(campaign_id: int, kind: str) -> int:
    """Returns the campaign that a chain of children of this kind began with; itself when it is not such a child."""
    return count(
        """WITH RECURSIVE up AS (
             SELECT id, parent_id, kind FROM campaign WHERE id = %(id)s
             UNION ALL
             SELECT c.id, c.parent_id, c.kind FROM up JOIN campaign c ON c.id = up.parent_id WHERE up.kind = %(kind)s)
           SELECT min(id) AS root FROM up""",
        {"id": campaign_id, "kind": kind},
    )
