"""The templates that WhatsApp has approved, or not, as they were last read from a provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed, rows
from models.row import JsonObject, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedTemplate(Row):
    """One template of a provider, in one language."""

    provider_id: int
    name: str
    language: str
    #: Meta's word: APPROVED, PENDING, PAUSED and others.
    status: str
    #: What Meta says of it (JSON; `dispatch/texts/approved.py` reads it).
    described: JsonObject
    read_at: datetime

    @classmethod
    def replace_all(cls, provider_id: int, found: Sequence[tuple[str, str, str, JsonObject]]) -> None:
        """Writes name, language, status and description of each of a provider's templates; others are forgotten.

        In a transaction, whose lock makes two who read at once come one after the other.
        """
        rows("SELECT FROM provider WHERE id = %s FOR NO KEY UPDATE", [provider_id])
        changed("DELETE FROM approved_template WHERE provider_id = %s", [provider_id])
        names, languages, states, described = zip(*found, strict=True) if found else ((), (), (), ())
        changed(
            """INSERT INTO approved_template (provider_id, name, language, status, described)
               SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::jsonb[])
               ON CONFLICT DO NOTHING""",
            [provider_id, list(names), list(languages), list(states), [Jsonb(each) for each in described]],
        )

    @classmethod
    def of(cls, provider_id: int) -> "list[ApprovedTemplate]":
        """Returns a provider's templates, by name and language."""
        return rows(
            "SELECT * FROM approved_template WHERE provider_id = %s ORDER BY name, language", [provider_id], into=cls
        )

    @classmethod
    def known_to(cls, account_id: UUID, name: str) -> "list[ApprovedTemplate]":
        """Returns the templates of this name, in all languages, of the providers on the account's WhatsApp route."""
        return rows(
            """SELECT t.* FROM route r JOIN approved_template t USING (provider_id)
               WHERE r.account_id = %s AND r.channel = 'whatsapp' AND t.name = %s ORDER BY r.position, t.language""",
            [account_id, name],
            into=cls,
        )

    @classmethod
    def on_route(cls, account_id: UUID, *, limit: int) -> "list[ApprovedTemplate]":
        """Returns the templates of the providers on the account's WhatsApp route, by name and language.

        Of those that several providers have, that of the first on the route.
        """
        return rows(
            """SELECT DISTINCT ON (t.name, t.language) t.*
               FROM route r JOIN approved_template t USING (provider_id)
               WHERE r.account_id = %s AND r.channel = 'whatsapp'
               ORDER BY t.name, t.language, r.position LIMIT %s""",
            [account_id, limit],
            into=cls,
        )

    @classmethod
    def read_from(cls, account_id: UUID) -> list[int]:
        """Returns the providers on the account's WhatsApp route whose templates have been read, in its order."""
        found = rows(
            """SELECT r.provider_id FROM route r WHERE r.account_id = %s AND r.channel = 'whatsapp'
                 AND EXISTS (SELECT FROM approved_template t WHERE t.provider_id = r.provider_id)
               ORDER BY r.position""",
            [account_id],
        )
        return [each["provider_id"] for each in found]
