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


def signed_headers(secret: str, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Returns the three headers that go with the body; the timestamp is in seconds since 1970, of this try."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
