"""Providers that messages are sent through: an account's own, or an operator's for every account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed, one, row, rows
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.tenancy import Tenant, owned_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Row):
    """An account with a provider: of which kind, and what it takes to call it. It is never changed, only removed."""

    id: int
    #: None for an operator's, which every account may put on a route.
    account_id: UUID | None
    name: str
    kind: str
    #: What may be shown; each kind has its own, which `dispatch/providers/kinds.py` reads.
    settings: JsonObject
    #: The names of what is sealed.
    credentials: list[str]
    #: Encrypted with PROVIDER_KEY; None without credentials.
    sealed: bytes | None
    #: Where it is called instead of its usual address; set by operators only.
    base_url: str | None
    created_at: datetime
    #: Since when it is on no route any more; receipts of what it sent still come.
    removed_at: datetime | None

    @property
    def label(self) -> str:
        """How messages name the provider that has them: `twilio:7`."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def names_of(cls, labels: Collection[str]) -> dict[str, str]:
        """Returns the names of those of these providers that are not removed, by label, in its order."""
        found = rows(
            """SELECT kind || ':' || id AS label, name FROM provider
               WHERE kind || ':' || id = ANY(%s) AND removed_at IS NULL ORDER BY id""",
            [list(labels)],
        )
        return {each["label"]: each["name"] for each in found}

    @classmethod
    def add(
        cls,
        account_id: UUID | None,
        *,
        name: str,
        kind: str,
        settings: JsonObject,
        credentials: Sequence[str],
        sealed: bytes | None,
        base_url: str | None,
    ) -> Self | None:
        """Inserts a provider; None when the name is taken."""
        return row(
            """INSERT INTO provider (account_id, name, kind, settings, credentials, sealed, base_url)
               VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING *""",
            [account_id, name, kind, Jsonb(settings), list(credentials), sealed, base_url],
            into=cls,
        )

    @classmethod
    def find(cls, provider_id: int, tenant: Tenant) -> Self | None:
        """Returns the live provider; None when there is none, or it is another account's."""
        return row(
            f"SELECT * FROM provider WHERE id = %(id)s AND removed_at IS NULL AND {_seen_by(tenant)}",
            {"id": provider_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def with_id(cls, provider_id: int) -> Self:
        """Returns a provider that there is, also a removed one."""
        return one("SELECT * FROM provider WHERE id = %s", [provider_id], into=cls)

    @classmethod
    def that_calls(cls, kind: str, provider_id: int) -> Self | None:
        """Returns the provider of this kind with this id, also a removed one: receipts of what it sent still come."""
        return row("SELECT * FROM provider WHERE id = %s AND kind = %s", [provider_id, kind], into=cls)

    @classmethod
    def of_the_installation(cls) -> Self:
        """Returns the row of the installation's own simulated provider, which its receipts need; adds it at need.

        It counts as removed, so that it is on no list and no route.
        """
        if found := cls.that_calls("simulated", 0):
            return found
        changed(
            """INSERT INTO provider (id, name, kind, settings, credentials, removed_at) OVERRIDING SYSTEM VALUE
               VALUES (0, 'the simulator of the installation', 'simulated', '{}', '{}', now()) ON CONFLICT DO NOTHING"""
        )
        return one("SELECT * FROM provider WHERE id = 0", into=cls)

    @classmethod
    def called(cls, name: str, account_id: UUID | None) -> Self | None:
        """Returns the account's live provider of this name, or else the operators'; None for an account: theirs."""
        return row(
            """SELECT * FROM provider WHERE name_key(name) = name_key(%(name)s) AND removed_at IS NULL
                 AND (account_id = %(account)s OR account_id IS NULL) ORDER BY account_id NULLS LAST LIMIT 1""",
            {"name": name, "account": account_id},
            into=cls,
        )

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> Page[Self]:
        """Returns one page of the live providers that the tenant may put on a route, newest first."""
        return read_page(
            f"SELECT * FROM provider WHERE removed_at IS NULL AND {_seen_by(tenant)}",
            {"account": tenant},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def lock(cls, provider_id: int, tenant: Tenant) -> bool:
        """Keeps the provider from being put on a route until the transaction ends; False if it is not the tenant's."""
        found = f"SELECT id FROM provider WHERE id = %(id)s AND removed_at IS NULL AND {owned_by(tenant)} FOR UPDATE"
        return bool(rows(found, {"id": provider_id, "account": tenant}))

    @classmethod
    def remove(cls, provider_id: int) -> Self | None:
        """Removes a provider that is locked; None while it is on a route."""
        return row(
            """UPDATE provider SET removed_at = now()
               WHERE id = %(id)s AND NOT EXISTS (SELECT FROM route WHERE provider_id = %(id)s) RETURNING *""",
            {"id": provider_id},
            into=cls,
        )

    @classmethod
    def sealed_after(cls, provider_id: int, *, limit: int) -> list[Self]:
        """Returns the next providers with credentials after this one, removed ones too, in the order of their ids."""
        return rows(
            "SELECT * FROM provider WHERE id > %s AND sealed IS NOT NULL ORDER BY id LIMIT %s",
            [provider_id, limit],
            into=cls,
        )

    @classmethod
    def sealed_otherwise(cls, beginnings: Sequence[bytes]) -> list[Self]:
        """Returns the providers whose credentials begin like none of these; not removed ones.

        A beginning is nine bytes, as `dispatch/providers/sealing.py` writes them: a version and which key it was.
        """
        return rows(
            """SELECT * FROM provider WHERE removed_at IS NULL AND sealed IS NOT NULL
                 AND substring(sealed FROM 1 FOR 9) <> ALL (%s::bytea[])
               ORDER BY id""",
            [list(beginnings)],
            into=cls,
        )

    def reseal(self, sealed: bytes) -> bool:
        """Replaces what is sealed; False when someone else has."""
        return bool(
            changed("UPDATE provider SET sealed = %s WHERE id = %s AND sealed = %s", [sealed, self.id, self.sealed])
        )

    def forget_credentials(self) -> bool:
        """Deletes the credentials of a removed provider; False when it is not removed, or someone else changed them."""
        return bool(
            changed(
                """UPDATE provider SET sealed = NULL, credentials = '{}'
                   WHERE id = %s AND removed_at IS NOT NULL AND sealed = %s""",
                [self.id, self.sealed],
            )
        )


def _seen_by(tenant: Tenant) -> str:
    return f"(account_id IS NULL OR {owned_by(tenant)})"
