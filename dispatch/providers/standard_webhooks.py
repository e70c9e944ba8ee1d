"""Signs requests as the Standard Webhooks convention says, so that receivers can use any library of it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (symmetric signatures, v1)
"""

import base64
import hmac
import secrets

PREFIX = "whsec_"
# The convention allows 24 to 64 bytes.
_SECRET_BYTES = 32


def new_secret() -> str:
    """Returns a new random secret, as it is shown."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Returns the key that a secret stands for; ValueError when what follows the prefix is no base64."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def signature(key: bytes, *, message_id: str, timestamp: str, body: bytes) -> str:
    """Returns the signature as the header has it."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def signed_headers(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Returns the headers that go with a JSON body; the timestamp is in seconds since 1970, of this try."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key, message_id=message_id, timestamp=str(timestamp), body=body),
    }
