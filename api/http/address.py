"""The address a request comes from, as far as it says who asks: what a whole IPv6 customer has counts as one."""

from ipaddress import IPv6Address, ip_address

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings

# What a provider assigns to one customer at least; any number of addresses within it are one stranger's (RFC 6177).
_CUSTOMER_PREFIX = 64


def install(app: Flask, settings: Settings) -> None:
    """Believes X-Forwarded-For as far as our own proxies wrote it; without any, the header is a stranger's word."""
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )


def client_address() -> str:
    """Returns the client's IPv4 address, or the /64 of its IPv6 address; `local` for a socket without one."""
    try:
        address = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return "local"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> (128 - _CUSTOMER_PREFIX) << (128 - _CUSTOMER_PREFIX))}/{_CUSTOMER_PREFIX}"
    return str(address)
