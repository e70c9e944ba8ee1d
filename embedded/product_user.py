"""Which user web and workers run as when root starts `up`: an unprivileged one, if it can read what they use.

They then cannot read root's files, nor those of the servers, which are another user's. What they use is root's choice
(the Python, the packages, `.env`, the address), so it is tried as that user first: `python -m embedded.product_user`.
"""

import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from config.settings import settings
from embedded.home import Identity, identity

# Needs no account on the machine. Debian's policy reserves the numbers up to this one, and the next is `nobody`, whose
# the servers' files are. (Debian Policy 9.2.2)
PRODUCT_USER = 65533
_NOWHERE = "/nonexistent"


@dataclass(frozen=True)
class ProductUser:
    """Whose processes web and workers are, and what their environment says of it."""

    identity: Identity
    environment: Mapping[str, str]
    #: Why root runs them itself, if it does.
    problem: str | None = None


def product_user(environment: Mapping[str, str]) -> ProductUser:
    """Returns the user for processes with this environment: ours, unless we are root and another one can run them."""
    if not identity():
        return ProductUser(Identity(), {})
    # A home that is not there: libpq gives up at one that it may not look into.
    other = ProductUser(
        {"user": PRODUCT_USER, "group": PRODUCT_USER, "extra_groups": []}, {"HOME": _NOWHERE, "TMPDIR": "/tmp"}
    )
    problem = _tried(other, environment)
    return ProductUser(Identity(), {}, problem) if problem else other


def _tried(user: ProductUser, environment: Mapping[str, str]) -> str | None:
    """Returns what the user cannot do, or None."""
    command = [sys.executable, "-m", "embedded.product_user"]
    try:
        tried = subprocess.run(
            command,
            env={**environment, **user.environment},
            capture_output=True,
            text=True,
            check=False,
            **user.identity,
        )
    except PermissionError:
        return f"cannot run {sys.executable}"
    if tried.returncode == 0:
        return None
    return (tried.stderr.strip() or f"ended with status {tried.returncode}").splitlines()[-1]


def main() -> None:
    """Does what web and workers do at their start; an exception says what this user cannot do."""
    import jobs.supervisor  # noqa: F401

    chosen = settings()
    for file in (chosen.domain_mapping_file, chosen.business_service_map_file):
        if file:
            file.open("rb").close()
    if chosen.simulator_attempts:
        chosen.simulator_attempts.open("ab").close()
    family = socket.AF_INET6 if ":" in chosen.web_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((chosen.web_host, chosen.port))


if __name__ == "__main__":
    main()
