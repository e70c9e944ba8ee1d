"""API keys: only their hash is kept."""

import hashlib
import secrets
from typing import Any
from uuid import UUID

from peewee import SQL, ForeignKeyField, SmallIntegerField, TextField, UUIDField
from playhouse.postgres_ext import ArrayField, DateTimeTZField

from models.database import NOW, AccountKey, Row, changed, row
from models.tenancy import Tenant, owned_by

SCOPES = ("read", "write", "send", "approve", "admin")
# How many keys of an account with the same scopes live at a time.
MOST_LIVE = 2

# Operators' keys have no account and never meet another in the index: there may be any number.
_ISSUE = """
INSERT INTO api_key (account_id, name, prefix, key_hash, scopes, slot)
SELECT %(account)s, %(name)s, %(prefix)s, %(hash)s, %(scopes)s, slot FROM generate_series(1, 2) AS slot
WHERE NOT EXISTS (SELECT FROM api_key WHERE account_id = %(account)s AND scopes = %(scopes)s
                                        AND api_key.slot = slot.slot AND revoked_at IS NULL)
ORDER BY slot LIMIT 1
ON CONFLICT (account_id, scopes, slot) WHERE revoked_at IS NULL DO NOTHING
RETURNING id, account_id, name, prefix, scopes, created_at, last_used_at, revoked_at
"""


class ApiKey(Row):
    """A key of one account, or of an operator (no account)."""

    id = UUIDField(primary_key=True, constraints=[SQL("DEFAULT gen_random_uuid()")])
    account = ForeignKeyField(AccountKey, null=True)
    name = TextField(default="")
    prefix = TextField()
    key_hash = TextField(unique=True)
    scopes = ArrayField(TextField, default=list, index=False)
    slot = SmallIntegerField(null=True)
    created_at = DateTimeTZField(constraints=NOW)
    last_used_at = DateTimeTZField(null=True)
    revoked_at = DateTimeTZField(null=True)

    @classmethod
    def issue(
        cls, account_id: UUID | None, *, name: str = "", scopes: tuple[str, ...] = SCOPES
    ) -> dict[str, Any] | None:
        """Makes a key and gives it, once, as `key`; afterwards only its hash is known.

        None when two keys of the account with these scopes live already: the one in use and the one to replace it.
        """
        # 256 random bits need no slow hash: there is nothing to guess (OWASP ASVS 11.4.2 is about passwords).
        key = f"cd_{'op' if account_id is None else 'ac'}_{secrets.token_urlsafe(32)}"
        values = {
            "account": account_id,
            "name": name,
            "prefix": key[:12],
            "hash": _hash(key),
            "scopes": sorted(set(scopes), key=SCOPES.index),
        }
        # Two callers at once may see the same free slot; the index lets one in, the other looks again.
        for _ in range(MOST_LIVE):
            if made := row(_ISSUE, values):
                return {**made, "key": key}
        return None

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
    def revoke(cls, key_id: UUID, tenant: Tenant) -> dict[str, Any] | None:
        """Ends a key at once; None when there is no such live key of the tenant."""
        return row(
            f"""UPDATE api_key SET revoked_at = now() WHERE id = %(id)s AND revoked_at IS NULL
                 AND {owned_by(tenant)} RETURNING id, account_id""",
            {"id": key_id, "account": tenant},
        )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
