"""Which addresses a webhook may have; where they lead is decided again at every connection."""

from urllib.parse import urlsplit

from config.addresses import has_usable_port
from dispatch.errors import InvalidRequest
from dispatch.providers.guard import is_host, names_private

MAX_URL = 2000


def checked_url(url: str) -> str:
    """Returns the address as it is stored; InvalidRequest, on the field url, for one that cannot or may not be called.

    A name is not looked up here: it may lead elsewhere later, so each connection is guarded.
    """
    text = url.strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _refused("has characters that an address cannot have; write a name in its xn-- form, and others as %20")
    if len(text) > MAX_URL:
        raise _refused(f"has more than {MAX_URL} characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("cannot be read") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _refused("must be like https://shop.example.com/hooks")
    if not is_host(host):
        raise _refused("names no host")
    if not has_usable_port(text):
        raise _refused("must have a port from 1 to 65535, or none")
    if "@" in parts.netloc:
        raise _refused("must have no user and password; the signature says who sends")
    if parts.fragment:
        raise _refused("must have no fragment (what is after #)")
    if names_private(host):
        raise _refused("is a private address, which webhooks may not have unless an operator allows it")
    return text


def _refused(problem: str) -> InvalidRequest:
    return InvalidRequest(f"url {problem}.", field="url")
