"""Decisions which text of a campaign its held-back people get: by its rule or by a person, and by which figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed, rows
from models.row import JsonObject, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision to write."""

    campaign_id: int
    account_id: UUID
    #: The text, and the child campaign that sends it; None when none is sent.
    variant: int | None
    child_id: int | None
    #: Why none is sent: too_early, too_late or expired.
    withheld: str | None
    by_rule: bool
    actor: str
    #: delivered, clicked, replied or opted_out.
    measure: str
    #: What became of each text until now.
    figures: Sequence[JsonObject]
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDecision(Row):
    """Which text those who were held back get, or that none is sent."""

    id: int
    campaign_id: int
    account_id: UUID
    variant: int | None
    child_id: int | None
    withheld: str | None
    by_rule: bool
    actor: str
    measure: str
    #: What became of each text until then.
    figures: list[JsonObject]
    verdict: str
    decided_at: datetime

    @classmethod
    def add(cls, new: NewDecision) -> None:
        """Writes a decision, in the transaction that starts its child; a second one by a rule violates an index."""
        changed(
            """INSERT INTO variant_decision (campaign_id, account_id, variant, child_id, withheld, by_rule, actor,
                                             measure, figures, verdict)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [
                *(new.campaign_id, new.account_id, new.variant, new.child_id, new.withheld, new.by_rule, new.actor),
                *(new.measure, Jsonb(list(new.figures)), new.verdict),
            ],
        )

    @classmethod
    def of(cls, campaign_id: int) -> "list[VariantDecision]":
        """Returns the decisions about a campaign, newest first."""
        return rows("SELECT * FROM variant_decision WHERE campaign_id = %s ORDER BY id DESC", [campaign_id], into=cls)
