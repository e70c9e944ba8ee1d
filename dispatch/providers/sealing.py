"""Seals the credentials of providers at rest, with AES-256-GCM under a key of the environment (PROVIDER_KEY).

What is sealed says by which key, so that keys can be rotated: the first one seals, and each opens what it has sealed.
It is bound to the account and the kind, so that credentials copied into another account's row cannot be opened.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.errors import ProviderNotConfigured

# NIST SP 800-38D, 8.2: 96 bits, and with random ones at most 2^32 sealed by one key.
_NONCE = 12
_KEY_ID = 8
_VERSION = b"\1"
_NONCE_AT = len(_VERSION) + _KEY_ID
_TEXT_AT = _NONCE_AT + _NONCE

_GENERATE = "`openssl rand -hex 32` prints a good one"


def seal(credentials: Mapping[str, str], *, account_id: UUID | None, kind: str, keys: Sequence[bytes]) -> bytes:
    """Returns the credentials, sealed with the first key; ProviderNotConfigured when there is none."""
    if not keys:
        raise ProviderNotConfigured(
            f"PROVIDER_KEY is not set, so credentials cannot be stored; set it for every process ({_GENERATE})."
        )
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_derived(keys[0])).encrypt(
        nonce, json.dumps(dict(credentials)).encode(), _bound_to(account_id, kind)
    )
    return _VERSION + _id_of(keys[0]) + nonce + sealed


def unseal(sealed: bytes, *, account_id: UUID | None, kind: str, keys: Sequence[bytes]) -> dict[str, str]:
    """Returns the credentials; ProviderNotConfigured when none of the keys sealed them."""
    key_id, nonce, rest = sealed[1:_NONCE_AT], sealed[_NONCE_AT:_TEXT_AT], sealed[_TEXT_AT:]
    for key in keys:
        if hmac.compare_digest(_id_of(key), key_id):
            try:
                opened = AESGCM(_derived(key)).decrypt(nonce, rest, _bound_to(account_id, kind))
            except InvalidTag:
                raise ProviderNotConfigured(
                    "The stored credentials were changed or belong to another account; remove the provider and add it "
                    "again."
                ) from None
            return dict(json.loads(opened))
    raise ProviderNotConfigured(
        "The credentials were sealed with a key that is not in PROVIDER_KEY; add that key after the first one, or "
        "remove the provider and add it again."
    )


def resealed(sealed: bytes, *, account_id: UUID | None, kind: str, keys: Sequence[bytes]) -> bytes | None:
    """Returns the credentials as the first key seals them, or None if it has done so already.

    ProviderNotConfigured when none of the keys sealed them.
    """
    if keys and hmac.compare_digest(_id_of(keys[0]), sealed[1:_NONCE_AT]):
        return None
    opened = unseal(sealed, account_id=account_id, kind=kind, keys=keys)
    return seal(opened, account_id=account_id, kind=kind, keys=keys)


def beginnings(keys: Sequence[bytes]) -> list[bytes]:
    """Returns how everything begins that one of the keys has sealed."""
    return [_VERSION + _id_of(key) for key in keys]


def _bound_to(account_id: UUID | None, kind: str) -> bytes:
    return f"{account_id or '-'}|{kind}".encode()


# Keys have 256 random bits, so one hash is enough; the words keep the key's other uses apart.
def _derived(key: bytes) -> bytes:
    return hmac.new(key, b"provider credentials", hashlib.sha256).digest()


def _id_of(key: bytes) -> bytes:
    return hmac.new(key, b"provider key id", hashlib.sha256).digest()[:_KEY_ID]
