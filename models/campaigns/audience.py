"""Recipients that were chosen one by one: a campaign's customers."""

from dataclasses import dataclass
from uuid import UUID

from models.campaigns.campaign import Campaign
from models.database import changed, rows
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
    def first_ids(cls, campaign_id: int, *, most: int) -> list[int]:
        """Returns the lowest ids of the customers chosen for the campaign, at most so many."""
        found = rows(
            "SELECT * FROM campaign_customer WHERE campaign_id = %s ORDER BY customer_id LIMIT %s",
            [campaign_id, most],
            into=cls,
        )
        return [choice.customer_id for choice in found]

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
