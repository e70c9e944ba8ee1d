"""Where an account's short links lead: its own host or the installation's, with the code of a message and a link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from config.addresses import has_usable_port
from config.settings import settings
from dispatch.errors import InvalidRequest, LinksNotConfigured, NotFound
from dispatch.links.codes import ALPHABET, LENGTH, UNSUBSCRIBE, Cipher, Place
from models.account import Account

MOST_CHARACTERS = 100
#: Stands in texts that are shown before they have messages. It is as long as a code, and names none.
SAMPLE_CODE = ALPHABET[0] * LENGTH
#: For the sample of a text that is checked for no account.
SAMPLE_BASE = "https://example.com"

# RFC 1123, 2.1: labels of letters, digits and hyphens, up to 63 each; at least one dot, and no address in numbers.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")
_OPERATORS_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True)
class Links:
    """The links of one account's messages; each is as long as any other of its kind."""

    base: str
    key: bytes

    @cached_property
    def _cipher(self) -> Cipher:
        return Cipher(self.key)

    def beginning(self, link: int) -> str:
        """Returns what the address of every such link begins with; its code follows."""
        return f"{self.base}/{'u' if link == UNSUBSCRIBE else 'l'}/"

    def sample(self, link: int) -> str:
        """Returns the link as it is shown before there is a message; it leads nowhere."""
        return self.beginning(link) + SAMPLE_CODE

    def code(self, campaign_id: int, n: int, link: int) -> str:
        """Returns the code of a message's link."""
        return self._cipher.code(Place(campaign_id, n, link))


def links_of(account_id: UUID) -> Links:
    """Returns the links of an account; LinksNotConfigured when the installation cannot make any."""
    account = Account.find(account_id)
    if account is None:
        raise NotFound("There is no such account.")
    base = account.link_url or (settings().public_url or "").rstrip("/")
    if not base:
        raise LinksNotConfigured(
            "The text has short links, and nothing says what they begin with: set PUBLIC_URL, or link_url of the "
            "account, to where web is reached from outside."
        )
    keys = settings().link_keys
    if not keys:
        raise LinksNotConfigured(
            "The text has short links, and LINK_KEY is not set; set it for every process (`openssl rand -hex 32` "
            "prints a good one)."
        )
    return Links(base, keys[0])


def sample_links() -> Links:
    """Returns links to show in a text of no account."""
    return Links(SAMPLE_BASE, b"")


def places_of(code: str) -> Sequence[Place]:
    """Returns what the code may name, one place for each of our keys; none for what is no code.

    Only one of our keys made it, if any did: what it names exists, and what the others read in it does not.
    """
    found = (Cipher(key).place(code) for key in settings().link_keys)
    return [place for place in found if place]


def no_such_link() -> NotFound:
    """Returns the refusal of a code that names nothing, whatever kind of link it was."""
    return NotFound("This link leads nowhere. If it was cut off, open all of it from the message.")


def checked_link_url(value: str, *, by_operator: bool) -> str:
    """Returns the address as it is stored; InvalidRequest says what is wrong with it.

    Only operators may name one without https, or a host of the local network.
    """
    address = value.strip().rstrip("/").lower()
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("cannot be read") from None
    schemes: tuple[Literal["https", "http"], ...] = ("https", "http") if by_operator else ("https",)
    if parts.scheme not in schemes:
        raise _refused(f"begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if not (_OPERATORS_HOST if by_operator else _HOST).fullmatch(host):
        raise _refused("names a host in the letters of domain names (a name in other letters as xn--…)")
    if not has_usable_port(address):
        raise _refused("has a port from 1 to 65535, or none")
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if address != plain:
        raise _refused("is a scheme, a host and perhaps a port, without a path, a query or a user")
    if len(plain) > MOST_CHARACTERS:
        raise _refused(f"has at most {MOST_CHARACTERS} characters")
    return plain


def _refused(what: str) -> InvalidRequest:
    return InvalidRequest(f"link_url {what}, like https://go.example.com.", field="link_url")
