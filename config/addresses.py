"""The addresses of servers, as people write them."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, TypeAlias
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, SecretStr

Network: TypeAlias = IPv4Network | IPv6Network

_MAX_PORT = 65535
_ESCAPES = "in a user or password, @ is written %40, : %3A, / %2F, # %23 and % %25"


def _postgresql(value: SecretStr) -> SecretStr:
    address = value.get_secret_value()
    if not address.startswith(("postgresql://", "postgres://")):
        raise ValueError("must start with postgresql://")
    ports = _ports_of(address)
    if ports is None:
        raise ValueError(f"cannot be read; {_ESCAPES}")
    if not all(map(_is_port, ports)):
        raise ValueError(f"has a port that is not a number from 1 to {_MAX_PORT}")
    return value


def _redis(value: SecretStr) -> SecretStr:
    address = value.get_secret_value()
    if not address.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis:// or rediss://")
    if not has_usable_port(address) or not all(map(_is_port, parse_qs(urlsplit(address).query).get("port", []))):
        raise ValueError(f"has a port that is not a number from 1 to {_MAX_PORT}; {_ESCAPES}")
    return value


def _http(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    if not has_usable_port(address):
        raise ValueError(f"must have a port from 1 to {_MAX_PORT}, or none")
    return address


def has_usable_port(address: str) -> bool:
    """Returns whether what the address names can be called as far as its port shows: one from 1 to 65535, or none."""
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def networks_in(value: str) -> list[Network]:
    """Returns the networks between the commas; ValueError when one of them is none."""
    return [ip_network(each.strip(), strict=False) for each in value.split(",") if each.strip()]


def _networks(value: str) -> str:
    try:
        networks_in(value)
    except ValueError:
        raise ValueError("must be networks like 10.1.0.0/16, separated by commas") from None
    return value


def _is_port(written: str) -> bool:
    return written.isdecimal() and 1 <= int(written) <= _MAX_PORT


def _ports_of(address: str) -> list[str] | None:
    """Returns the ports as PostgreSQL's own library understands the address; None when it does not."""
    # Imported late: most of what reads settings needs no database driver.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(address)
    except ProgrammingError:
        return None
    ports = [port for port in str(parts.get("port") or "").split(",") if port]
    if "@" in str(parts.get("host", "")) or not all(port.isdecimal() for port in ports):
        return None
    return ports


# Types of settings; a wrong value is refused with what is wrong about it.
PostgresqlAddress = Annotated[SecretStr, AfterValidator(_postgresql)]
RedisAddress = Annotated[SecretStr, AfterValidator(_redis)]
HttpAddress = Annotated[str, AfterValidator(_http)]
Networks = Annotated[str, AfterValidator(_networks)]
