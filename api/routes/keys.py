"""API keys over HTTP: for keys with the scope admin, those of their account."""

from typing import Any

from api.http.auth import caller
from api.http.inputs import Organization, Page
from api.http.pages import page_of
from api.http.routes import Routes
from api.http.rules import OneTransaction
from api.routes.schemas_accounts import IssuedKey, KeyPath, Keys, NewKey
from dispatch.accounts import keys

routes = Routes("keys", __name__, url_prefix="/api/keys")


@routes.post(
    "",
    summary="Make a key",
    answers={201: IssuedKey},
    refuses=("DUPLICATE",),
    body=True,
    scope="admin",
    idempotency=OneTransaction(secret="key"),
)
def create(query: Organization, body: NewKey) -> tuple[dict[str, Any], int]:
    """Shown this once; only its hash is kept. A third key with the same scopes is refused until one is revoked."""
    made = keys.issue_key(caller(), name=body.name, scopes=body.scopes)
    return made, 201


@routes.get("", summary="List keys, newest first", answers={200: Keys}, scope="admin")
def index(query: Page) -> dict[str, Any]:
    """With when each was last used, and when it was revoked."""
    return page_of(keys.list_keys(caller(), page=query.page, page_size=query.page_size), query)


@routes.delete("/<key_id>", summary="Revoke a key", answers={204: None}, refuses=("RESOURCE_NOT_FOUND",), scope="admin")
def revoke(path: KeyPath) -> tuple[str, int]:
    """It ends at once, also when it is the one that asks."""
    keys.revoke_key(caller(), path.key_id)
    return "", 204
