"""API keys: only their hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from models.database import changed, row, rows, scalar
from models.page import Page, read_page
from models.row import Row
from models.tenancy import Tenant, owned_by

SCOPES = ("read", "write", "send", "approve", "admin")
# How many keys of an account with the same scopes may be live: the one in use, and the one that replaces it.
MAX_LIVE = 2

_LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"

# No index can ask for the time, so an expired key has its slot until another key is made.
_FREE_SLOTS = """
UPDATE api_key SET slot = NULL
WHERE account_id = %(account)s AND slot IS NOT NULL AND revoked_at IS NULL AND expires_at <= now()
"""

# Operators' keys have no account and never conflict in the index: there may be any number of them.
_ISSUE = """
INSERT INTO api_key (account_id, name, prefix, key_hash, scopes, slot, created_by, person, expires_at)
SELECT %(account)s, %(name)s, %(prefix)s, %(hash)s, %(scopes)s, slot.slot, %(created_by)s,
       CASE WHEN maker.account_id IS NOT NULL THEN coalesce(maker.person, maker.id) END,
       least(%(expires_at)s::timestamptz, maker.expires_at)
FROM generate_series(1, 2) AS slot LEFT JOIN api_key maker ON maker.id = key_of(%(created_by)s)
WHERE NOT EXISTS (SELECT FROM api_key WHERE account_id = %(account)s AND scopes = %(scopes)s
                                        AND api_key.slot = slot.slot AND revoked_at IS NULL)
ORDER BY slot.slot LIMIT 1
ON CONFLICT (account_id, scopes, slot) WHERE revoked_at IS NULL DO NOTHING
RETURNING *
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Row):
    """A key of one account, or of an operator."""

    id: UUID
    #: None for an operator's key, which is valid for all accounts.
    account_id: UUID | None
    name: str
    #: The beginning of the key, so that people recognise it.
    prefix: str
    key_hash: str
    scopes: list[str]
    #: 1 or 2: which of the account's two live keys with these scopes this is.
    slot: int | None
    created_at: datetime
    #: At most a minute behind.
    last_used_at: datetime | None
    revoked_at: datetime | None
    #: The actor who made it; None if that is not known.
    created_by: str | None
    #: The first key of its person, which an operator made; None for that key itself.
    person: UUID | None
    #: From then on it is no longer valid; None: it is until it is revoked.
    expires_at: datetime | None

    @classmethod
    def issue(
        cls,
        account_id: UUID | None,
        *,
        name: str,
        scopes: tuple[str, ...],
        created_by: str,
        expires_at: datetime | None,
    ) -> "IssuedKey | None":
        """Inserts a key and returns it with its secret, of which only the hash is stored.

        It is the key of the same person as `created_by`, if that is the key of an account, and else of another person.
        It expires with the key that makes it, if that comes first; CheckViolation when that time has passed.
        None when two keys of the account with these scopes are live: the one in use and the one that replaces it.
        """
        # 256 random bits need no slow hash: there is nothing to guess (OWASP ASVS 11.4.2 is about passwords).
        key = f"cd_{'op' if account_id is None else 'ac'}_{secrets.token_urlsafe(32)}"
        values = {
            "account": account_id,
            "name": name,
            "prefix": key[:12],
            "hash": _hash(key),
            "scopes": sorted(set(scopes), key=SCOPES.index),
            "created_by": created_by,
            "expires_at": expires_at,
        }
        changed(_FREE_SLOTS, values)
        # Two concurrent callers may see the same free slot; the index admits one, and the other looks again.
        for _ in range(MAX_LIVE):
            if made := row(_ISSUE, values, into=cls):
                return IssuedKey(made, key)
        return None

    @classmethod
    def is_of_account(cls, actor: str) -> bool:
        """Returns whether the actor is the key of an account, and so no operator."""
        return scalar("SELECT account_id FROM api_key WHERE id = key_of(%s)", [actor]) is not None

    @classmethod
    def holder(cls, key: str) -> "KeyHolder | None":
        """Returns who holds this live key, and marks the key as used, at most once a minute.

        A server that takes no writes for now still lets people read, so nothing is marked there.
        """
        found = row(
            f"""SELECT id AS key_id, account_id, scopes,
                      (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                      AND current_setting('transaction_read_only') = 'off' AS unmarked
               FROM api_key WHERE key_hash = %s AND {_LIVE}""",
            [_hash(key)],
            into=KeyHolder,
        )
        if found and found.unmarked:
            changed("UPDATE api_key SET last_used_at = now() WHERE id = %s", [found.key_id])
        return found

    @classmethod
    def has_expired(cls, key: str) -> bool:
        """Returns whether this was a key until its time came, and was not revoked."""
        return (
            scalar("SELECT expires_at <= now() FROM api_key WHERE key_hash = %s AND revoked_at IS NULL", [_hash(key)])
            is True
        )

    @classmethod
    def end_of(cls, actor: str) -> datetime | None:
        """Returns when the actor's key expires; None if it never does, or the actor is no key."""
        found: datetime | None = scalar("SELECT expires_at FROM api_key WHERE id = key_of(%s)", [actor])
        return found

    @classmethod
    def about_to_stop(cls, *, within_days: int) -> "list[ExpiringKey]":
        """Returns the live keys that expire within so many days, were used lately and have no successor.

        A successor is a live key of the same account, or of operators, that lasts longer and has the same scopes.
        """
        soon = "now() + make_interval(days => %(days)s)"
        return rows(
            f"""SELECT name, prefix, expires_at,
                       coalesce((SELECT zone FROM account WHERE id = api_key.account_id), 'UTC') AS zone
                FROM api_key WHERE {_LIVE} AND expires_at <= {soon}
                  AND last_used_at > now() - interval '7 days' AND NOT EXISTS (SELECT FROM api_key other
                      WHERE other.account_id IS NOT DISTINCT FROM api_key.account_id AND other.scopes @> api_key.scopes
                        AND other.revoked_at IS NULL AND (other.expires_at IS NULL OR other.expires_at > {soon}))
                ORDER BY expires_at, id""",
            {"days": within_days},
            into=ExpiringKey,
        )

    @classmethod
    def is_live(cls, key_id: UUID) -> bool:
        """Returns whether the key is still valid, for whoever has been using it for a while."""
        return row(f"SELECT FROM api_key WHERE id = %s AND {_LIVE}", [key_id]) is not None

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> "Page[ApiKey]":
        """Returns one page of the tenant's keys, newest first."""
        return read_page(
            f"SELECT * FROM api_key WHERE {owned_by(tenant)}",
            {"account": tenant},
            order="created_at DESC, id",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def live_called(cls, text: str, tenant: Tenant) -> "list[ApiKey]":
        """Returns the tenant's live keys with this id, name, or beginning of the key as far as it is stored."""
        return rows(
            f"""SELECT * FROM api_key WHERE {_LIVE} AND {owned_by(tenant)}
                 AND (id::text = lower(%(text)s) OR name = %(text)s OR (prefix = left(%(text)s, 12)
                      AND length(%(text)s) >= 12)) ORDER BY created_at DESC, id""",
            {"text": text, "account": tenant},
            into=cls,
        )

    @classmethod
    def revoke(cls, key_id: UUID, tenant: Tenant) -> "ApiKey | None":
        """Ends a key at once; None when the tenant has no such live key."""
        return row(
            f"""UPDATE api_key SET revoked_at = now() WHERE id = %(id)s AND {_LIVE}
                 AND {owned_by(tenant)} RETURNING *""",
            {"id": key_id, "account": tenant},
            into=cls,
        )


@dataclass(frozen=True, slots=True)
class ExpiringKey:
    """A key that is in use and expires soon."""

    name: str
    prefix: str
    expires_at: datetime
    #: Its account's; UTC for an operator's.
    zone: str


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, with its secret."""

    row: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Who holds a live key: an account or, without one, an operator."""

    key_id: UUID
    account_id: UUID | None
    scopes: list[str]
    #: Whether its use has to be marked: it has not been within the last minute.
    unmarked: bool

    @property
    def operator(self) -> bool:
        """Returns whether the key is valid for all accounts."""
        return self.account_id is None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
