"""API keys: only their hash is kept."""

import hashlib
import secrets
from typing import Any
from uuid import UUID

from peewee import SQL, ForeignKeyField, TextField, UUIDField
from playhouse.postgres_ext import ArrayField, DateTimeTZField

from models.account import _NOW, Account
from models.database import Row, changed, row

SCOPES = ("read", "write", "send", "approve", "admin")


class ApiKey(Row):
    """A key of one account, or of an operator (no account)."""

    id = UUIDField(primary_key=True, constraints=[SQL("DEFAULT gen_random_uuid()")])
    account = ForeignKeyField(Account, null=True)
    name = TextField(default="")
    prefix = TextField()
    key_hash = TextField(unique=True)
    scopes = ArrayField(TextField, default=list, index=False)
    created_at = DateTimeTZField(constraints=_NOW)
    last_used_at = DateTimeTZField(null=True)
    revoked_at = DateTimeTZField(null=True)

    @classmethod
    def issue(cls, account_id: UUID | None, *, name: str = "", scopes: tuple[str, ...] = SCOPES) -> dict[str, Any]:
        """Makes a key and gives it, once, as `key`; afterwards only its hash is known."""
        # 256 random bits need no slow hash: there is nothing to guess (OWASP ASVS 11.4.2 is about passwords).
        key = f"cd_{'op' if account_id is None else 'ac'}_{secrets.token_urlsafe(32)}"
        made = row(
            """INSERT INTO api_key (account_id, name, prefix, key_hash, scopes) VALUES (%s, %s, %s, %s, %s)
               RETURNING id""",
            [account_id, name, key[:12], _hash(key), list(scopes)],
        )
        assert made is not None
        return {"id": made["id"], "key": key}

    @classmethod
    def holder(cls, key: str) -> dict[str, Any] | None:
        """The live key's id, account (None: operator) and scopes; marks it used, at most once a minute."""
        found = row(
            """SELECT id, account_id, scopes,
                      last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS stale
               FROM api_key WHERE key_hash = %s AND revoked_at IS NULL""",
            [_hash(key)],
        )
        if found and found["stale"]:
            changed("UPDATE api_key SET last_used_at = now() WHERE id = %s", [found["id"]])
        return found

    @classmethod
    def revoke(cls, key_id: UUID) -> bool:
        """Ends a key at once; False when there is no such live key."""
        return changed("UPDATE api_key SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL", [key_id]) == 1


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
