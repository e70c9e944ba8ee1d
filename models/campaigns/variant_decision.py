"""Decisions which text of a campaign its held-back people get: by its rule or by a person, and by which figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import rows
from models.row import JsonObject, Row
from models.webhooks.telling import told
from models.webhooks.webhook import WINNER_CHOSEN, WINNER_PUT_OFF, WINNER_WITHHELD

# What webhooks are told of a decision.
_TOLD = """jsonb_build_object('variant', variant, 'child_id', child_id, 'withheld', withheld, 'by_rule', by_rule,
                              'measure', measure, 'figures', figures, 'verdict', verdict)"""

_PUT_OFF = "jsonb_build_object('reason', reason, 'child_id', child_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDecision(Row):
    """Which text those who were held back get, or that none is sent."""

    id: int
    campaign_id: int
    account_id: UUID
    #: The text, and the child campaign that sends it; None when none is sent.
    variant: int | None
    child_id: int | None
    #: Why none is sent: too_early, too_late or expired by a rule, stopped or closed by a person.
    withheld: str | None
    by_rule: bool
    actor: str
    #: delivered, clicked, replied or opted_out.
    measure: str
    #: What became of each text until then.
    figures: list[JsonObject]
    verdict: str
    decided_at: datetime

    @classmethod
    def add(
        cls,
        campaign_id: int,
        *,
        account_id: UUID,
        variant: int | None,
        child_id: int | None,
        withheld: str | None,
        by_rule: bool,
        actor: str,
        measure: str,
        figures: Sequence[JsonObject],
        verdict: str,
    ) -> None:
        """Writes a decision and tells webhooks, in the transaction that starts its child.

        A second one by a rule violates an index.
        """
        rows(
            f"""WITH made AS (
                    INSERT INTO variant_decision (campaign_id, account_id, variant, child_id, withheld, by_rule, actor,
                                                  measure, figures, verdict)
                    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING *),
                {told("made", WINNER_WITHHELD if variant is None else WINNER_CHOSEN, _TOLD, campaign="campaign_id")}
                SELECT FROM made""",
            [
                *(campaign_id, account_id, variant, child_id, withheld, by_rule, actor),
                *(measure, Jsonb(list(figures)), verdict),
            ],
        )

    @classmethod
    def tell_put_off(cls, campaign_id: int, *, child_id: int, reason: str) -> None:
        """Tells webhooks that the child which was to send the chosen text could not start, so that it waits again."""
        rows(
            f"""WITH put_off AS (
                    SELECT account_id, id AS campaign_id, %(child)s::bigint AS child_id, %(reason)s::text AS reason
                    FROM campaign WHERE id = %(campaign)s),
                {told("put_off", WINNER_PUT_OFF, _PUT_OFF, campaign="campaign_id")}
                SELECT FROM put_off""",
            {"campaign": campaign_id, "child": child_id, "reason": reason},
        )

    @classmethod
    def of(cls, campaign_id: int) -> "list[VariantDecision]":
        """Returns the decisions about a campaign, newest first."""
        return rows("SELECT * FROM variant_decision WHERE campaign_id = %s ORDER BY id DESC", [campaign_id], into=cls)
