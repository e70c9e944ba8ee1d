"""API keys over HTTP: a key with the scope admin manages those of its account."""

from uuid import UUID

from pydantic import Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, Time
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import OneTransaction
from dispatch.accounts import keys
from dispatch.accounts.keys import IssuedKeyView, KeyView, Scope
from models.api_key import SCOPES

routes = Routes("keys", __name__, url_prefix="/api/keys")


class Keys(Paged[KeyView]):
    """One page, newest first."""


class NewKey(Given):
    """A key of the account; at most two with the same scopes are live at a time."""

    name: str = Field("", description="what it is for, up to 200 characters")
    scopes: list[Scope] = Field(list(SCOPES), description="at least one")
    expires_at: Time | None = Field(
        None, description="when it ends; without a time, with the key that makes it, or when it is revoked"
    )


class KeyPath(Given):
    key_id: UUID


@routes.post(
    "",
    summary="Make a key",
    answers={201: IssuedKeyView},
    refuses=("DUPLICATE",),
    body=True,
    scope="admin",
    idempotency=OneTransaction(secret="key"),
)
def create(query: Organization, body: NewKey) -> tuple[IssuedKeyView, int]:
    """The key is shown once and stored as a hash. A third key with the same scopes is refused until one ends."""
    return keys.issue_key(caller(), name=body.name, scopes=body.scopes, expires_at=body.expires_at), 201


@routes.get("", summary="List keys, newest first", answers={200: Keys}, scope="admin")
def index(query: Page) -> Paged[KeyView]:
    """Each with the times of its last use, of its revocation and of its end, past or to come."""
    return paged(keys.list_keys(caller(), page=query.page, page_size=query.page_size), query)


@routes.delete("/<key_id>", summary="Revoke a key", answers={204: None}, refuses=("RESOURCE_NOT_FOUND",), scope="admin")
def revoke(path: KeyPath) -> tuple[str, int]:
    """The key stops working at once, even if it is the one that makes this request."""
    keys.revoke_key(caller(), path.key_id)
    return "", 204
