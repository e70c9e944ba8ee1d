"""Sessions of the console: a token in a cookie stands for an API key, and only the hash of either is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from models.api_key import KeyHolder
from models.database import changed, row
from models.row import Row

# How many sessions a key may have; the one that was used least recently makes room.
MOST_PER_KEY = 50

_BEGIN = """
WITH left_over AS (
    DELETE FROM console_session WHERE token_hash IN (
        SELECT token_hash FROM console_session WHERE key_id = %(key)s
        ORDER BY seen_at DESC OFFSET %(others)s FOR UPDATE SKIP LOCKED))
INSERT INTO console_session (token_hash, key_id, account_id, ends_at)
VALUES (%(hash)s, %(key)s, %(account)s, now() + %(length)s)
"""

_FIND = """
SELECT key.id AS key_id, key.scopes, key.account_id IS NULL AS operator, account.id AS account_id,
       account.name AS account_name, account.zone AS account_zone, account.credits_available AS credits,
       session.seen_at < now() - interval '1 minute'
           AND current_setting('transaction_read_only') = 'off' AS unmarked
FROM console_session session JOIN api_key key ON key.id = session.key_id
LEFT JOIN account ON account.id = coalesce(key.account_id, session.account_id)
WHERE session.token_hash = %(hash)s AND session.ends_at > now()
  AND session.seen_at > now() - make_interval(mins => %(idle)s)
  AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > now())
"""

_MARK = """
WITH used AS (UPDATE api_key SET last_used_at = now() WHERE id = %(key)s)
UPDATE console_session SET seen_at = now() WHERE token_hash = %(hash)s
"""

# An offer is no session: its hash is made from other letters, so that its token is of no use as one.
_OFFER = "offer:"
_TAKE_UP = """
DELETE FROM console_session session USING api_key key
WHERE session.token_hash = %(hash)s AND session.ends_at > now() AND key.id = session.key_id
  AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > now())
RETURNING session.key_id, key.account_id, key.scopes, false AS unmarked
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSession(Row):
    """One browser in which someone is signed in."""

    token_hash: str
    key_id: UUID
    #: The account that an operator has chosen; None for the key of an account.
    account_id: UUID | None
    created_at: datetime
    #: At most a minute behind.
    seen_at: datetime
    #: It ends then, however much it is used.
    ends_at: datetime

    @classmethod
    def begin(cls, key_id: UUID, *, account_id: UUID | None, hours: int) -> str:
        """Begins a session of at most so many hours and returns its token, which is stored nowhere."""
        return cls._begin("", key_id, account_id, timedelta(hours=hours))

    @classmethod
    def offer(cls, key_id: UUID, *, minutes: int) -> str:
        """Returns a token with which one browser may begin a session of the key, once and within so many minutes."""
        return cls._begin(_OFFER, key_id, None, timedelta(minutes=minutes))

    @classmethod
    def take_up(cls, token: str) -> KeyHolder | None:
        """Uses an offer up and returns who holds its key; None when there is none, it is over, or the key has ended."""
        return row(_TAKE_UP, {"hash": _hash(_OFFER + token)}, into=KeyHolder)

    @classmethod
    def _begin(cls, kind: str, key_id: UUID, account_id: UUID | None, length: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        values = {"hash": _hash(kind + token), "key": key_id, "account": account_id, "length": length}
        changed(_BEGIN, values | {"others": MOST_PER_KEY - 1})
        return token

    @classmethod
    def find(cls, token: str, *, idle_minutes: int) -> "SignedIn | None":
        """Returns who is signed in; None when the session or its key has ended, or was not used for so long."""
        return row(_FIND, {"hash": _hash(token), "idle": idle_minutes}, into=SignedIn)

    @classmethod
    def mark(cls, token: str, key_id: UUID) -> None:
        """Notes that the session, and with it the key, is in use."""
        changed(_MARK, {"hash": _hash(token), "key": key_id})

    @classmethod
    def choose(cls, token: str, account_id: UUID) -> None:
        """Makes it a session for this account; only an operator's may be one for any."""
        changed("UPDATE console_session SET account_id = %s WHERE token_hash = %s", [account_id, _hash(token)])

    @classmethod
    def end(cls, token: str) -> None:
        """Ends the session."""
        changed("DELETE FROM console_session WHERE token_hash = %s", [_hash(token)])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whose key a session stands for, and the account that its pages show."""

    key_id: UUID
    scopes: list[str]
    operator: bool
    #: None for an operator who has not chosen one yet; so are the next three.
    account_id: UUID | None
    account_name: str | None
    account_zone: str | None
    credits: int | None
    #: Whether its use has to be marked: it has not been within the last minute.
    unmarked: bool


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
