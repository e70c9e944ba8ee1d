"""All remote services at once, and the environment that names them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.doubles.businesses import BusinessService, business_service
from tests.doubles.keycloak import CLIENT_ID, CLIENT_SECRET, PATH, Keycloak, keycloak
from tests.doubles.messaging import MessagingService, messaging_service
from tests.doubles.serving import serving
from tests.doubles.users import UserService, user_service


@dataclass(frozen=True)
class Remote:
    """The four servers."""

    tokens: Keycloak
    users: UserService
    businesses: BusinessService
    messaging: MessagingService

    def environment(self) -> dict[str, str]:
        """Returns the variables with which our processes find the servers."""
        return {
            "USER_SERVICE_URL": self.users.url,
            "BUSINESS_SERVICE_URL": self.businesses.url,
            "MESSAGING_SERVICE_URL": self.messaging.url,
            "KEYCLOAK_TOKEN_URL": self.tokens.url + PATH,
            "KEYCLOAK_CLIENT_ID": CLIENT_ID,
            "KEYCLOAK_CLIENT_SECRET": CLIENT_SECRET,
            "DEFAULT_FROM": "House",
        }


@contextmanager
def remote_services() -> Iterator[Remote]:
    """Runs the four servers until the end of the block."""
    tokens = keycloak()
    with ExitStack() as stack:
        doubles = (tokens, user_service(tokens), business_service(tokens), messaging_service(tokens))
        for double in doubles:
            stack.enter_context(serving(double))
        yield Remote(*doubles)
