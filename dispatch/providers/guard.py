"""Keeps URLs that accounts name from reaching this machine's own networks.

The address is looked at when it is connected to, after every name is resolved, so that neither a name whose address
changes (DNS rebinding) nor an unusual way to write an address (http://2130706433/) leads elsewhere. Redirects are not
followed by any call (`http.py`).
"""

import errno
import ipaddress
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeAlias

from yarl import URL

from config.addresses import Network, networks_in
from config.settings import settings

Address: TypeAlias = IPv4Address | IPv6Address

# RFC 6052: the last 32 bits are an IPv4 address that a translator of the network calls.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of the IANA special-purpose registry, blocks that older releases of Python take for global:
# https://www.iana.org/assignments/iana-ipv4-special-registry/
_SPECIAL = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("::/96"),
    # RFC 8215: the local use of NAT64, in which each network decides which bits are the IPv4 address.
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("fec0::/10"),
    ipaddress.ip_network("3fff::/20"),
)


# In a header they would begin another one, or end the request.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class NotAllowed(OSError):
    """The address is private and no operator allows it."""

    TEXT = "the address is private and not allowed"

    def __init__(self) -> None:
        super().__init__(errno.EACCES, self.TEXT)


def guarded_socket(info: Any) -> socket.socket:
    """Returns a socket for what `getaddrinfo` found, for aiohttp; NotAllowed when its address is private."""
    family, kind, protocol, _, (host, *_) = info
    if not is_allowed(host):
        raise NotAllowed
    return socket.socket(family, kind, protocol)


def is_allowed(host: str) -> bool:
    """Returns whether accounts may call this address: a public one, or one of PRIVATE_NETWORKS."""
    address = ip_address(host.partition("%")[0])
    meant = _meant_by(address)
    if all(any(each in network for network in _allowed()) for each in meant):
        return True
    return all(_is_public(each) for each in meant)


def names_private(host: str) -> bool:
    """Returns whether it can be seen without asking anyone that the host is a private address, however it is written.

    What a name resolves to is only judged when it is called.
    """
    if host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost"):
        host = "127.0.0.1"
    try:
        return not is_allowed(host)
    except ValueError:
        pass
    try:
        # 2130706433, 0x7f000001 and 127.1 are 127.0.0.1.
        return not is_allowed(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        return False


@lru_cache(maxsize=1024)
def is_host(name: str) -> bool:
    """Returns whether a name can be looked up at all: that of `a..b`, or with a broken xn-- label, cannot."""
    try:
        name.encode("idna")
        return bool(URL(f"http://{f'[{name}]' if ':' in name else name}/").host)
    except ValueError:  # also a UnicodeError
        return False


def writable(url: str, headers: Mapping[str, str]) -> URL | None:
    """Returns the address, as it was written, of a request that can be made; None if it or a header cannot be sent."""
    try:
        address = URL(url, encoded="%" in url)
        return address if is_host(address.host or "") and not any(map(_CONTROL.search, headers.values())) else None
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address.version == block.version and address in block for block in _SPECIAL)
    )


def _meant_by(address: Address) -> list[Address]:
    """Returns the addresses that are reached through this one: itself, or the IPv4 address that it carries."""
    if isinstance(address, IPv4Address):
        return [address]
    carried: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in carried if each is not None] or [address]


def _allowed() -> list[Network]:
    return networks_in(settings().private_networks)
