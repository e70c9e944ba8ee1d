"""The dialects of the simulator: each answers and reports as one kind of provider is documented to.

They check what the real one checks, and know nothing of the code that calls it: a mistake in either shows.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dispatch.providers import Outgoing
from dispatch.providers.simulator.desk import Desk
from dispatch.providers.simulator.postman import Taken

#: What each dialect takes as its token, secret or password, unless `--secret` names another.
SECRET = "simulated-credential"
#: A number as our own formats have it, in E.164.
PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a dialect works with: the desk, the credential that callers must have, and where it calls if not told."""

    desk: Desk
    secret: str
    #: By kind: the address that one enters in the real provider's console.
    callbacks: Mapping[str, str] = field(default_factory=dict)

    def is_secret(self, given: str | None) -> bool:
        """Returns whether this is the credential."""
        return hmac.compare_digest((given or "").encode(errors="replace"), self.secret.encode())

    def taken(
        self,
        kind: str,
        *,
        provider_id: str,
        phone: str,
        body: str,
        reference: str | None,
        sender: str | None = None,
        channel: str = "sms",
        status_url: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Taken:
        """Returns a message as the desk takes it.

        Replies go to the address of this kind, or else to /inbound beside the one that the request names for receipts.
        """
        named = self.callbacks.get(kind)
        known_as = reference or provider_id
        message = Outgoing(
            channel, sender, phone, body, known_as, secrets.token_hex(8), attempt=self.desk.count_attempt(known_as)
        )
        return Taken(message, provider_id, status_url or named, named or inbound_beside(status_url), details or {})


def inbound_beside(status_url: str | None) -> str | None:
    """Returns the address for replies that belongs to one for receipts; None when there is none."""
    if status_url is None or not urlsplit(status_url).path.endswith("/status"):
        return None
    parts = urlsplit(status_url)
    return parts._replace(path=parts.path.removesuffix("/status") + "/inbound").geturl()


def is_address(url: str) -> bool:
    """Returns whether this can be called back."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
