"""A token endpoint as Keycloak has one, by an independent OAuth 2.0 library (authlib)."""

from dataclasses import dataclass, field

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from flask import Flask, Response

from tests.doubles.serving import Double

CLIENT_ID = "campaign dispatch"
# Both have to be encoded before they become a basic authorization.
CLIENT_SECRET = "s3cret:/+ü%"
PATH = "/realms/main/protocol/openid-connect/token"


class _Client(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT_ID

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str) -> str:
        return ""


@dataclass
class Keycloak(Double):
    """Issues tokens that the other doubles check; `life` is their expires_in in seconds."""

    life: int = 300
    issued: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)

    def expire(self) -> None:
        """Makes every token issued so far invalid, before its time."""
        self.valid.clear()

    def accepts(self, authorization: str | None) -> bool:
        """Returns whether this is the header of a valid token."""
        return bool(authorization) and str(authorization).removeprefix("Bearer ") in self.valid


def keycloak() -> Keycloak:
    """Returns a token endpoint for one client, at `url` + PATH once it is served."""
    double = Keycloak(Flask("keycloak"))
    # OAuth asks for TLS; loopback has none.
    double.app.config["AUTHLIB_INSECURE_TRANSPORT"] = True

    def save(token: dict[str, object], _request: object) -> None:
        double.issued.append(str(token["access_token"]))
        double.valid.add(str(token["access_token"]))

    def find(client_id: str) -> _Client | None:
        return _Client() if client_id == CLIENT_ID else None

    server = AuthorizationServer(double.app, query_client=find, save_token=save)
    server.register_token_generator(
        "default",
        lambda **_: {
            "access_token": f"token-{len(double.issued)}",
            "token_type": "Bearer",
            "expires_in": double.life,
        },
    )
    server.register_grant(grants.ClientCredentialsGrant)

    @double.app.post(PATH)
    def issue() -> Response:
        return server.create_token_response()

    return double
