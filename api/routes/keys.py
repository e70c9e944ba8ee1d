"""API keys over HTTP: for keys with the scope admin, those of their account."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http import request_id
from api.http.auth import SCHEME, caller, needs
from api.http.errors import refusals
from api.http.idempotency import shown_once
from api.http.pages import page_of
from api.routes.schemas import Organization, Page
from api.routes.schemas_accounts import IssuedKey, KeyPath, Keys, NewKey
from dispatch.accounts import keys

blueprint = APIBlueprint(
    "keys",
    __name__,
    url_prefix="/api/keys",
    abp_tags=[Tag(name="keys")],
    abp_security=[{SCHEME: []}],
)


@blueprint.post("", summary="Make a key", responses={201: IssuedKey, **refusals("DUPLICATE", body=True)})
@needs("admin")
@shown_once("key")
def create(query: Organization, body: NewKey) -> tuple[dict[str, Any], int]:
    """Shown this once; only its hash is kept. A third key with the same scopes is refused until one is revoked."""
    made = keys.issue_key(
        caller().one_account(),
        name=body.name,
        scopes=body.scopes,
        actor=caller().actor,
        request_id=request_id.current(),
    )
    return made, 201


@blueprint.get("", summary="List keys, newest first", responses={200: Keys, **refusals()})
@needs("admin")
def index(query: Page) -> dict[str, Any]:
    """With when each was last used, and when it was revoked."""
    return page_of(keys.list_keys(caller().account_id, page=query.page, page_size=query.page_size), query)


@blueprint.delete("/<key_id>", summary="Revoke a key", responses={204: None, **refusals("RESOURCE_NOT_FOUND")})
@needs("admin")
def revoke(path: KeyPath) -> tuple[str, int]:
    """It ends at once, also when it is the one that asks."""
    keys.revoke_key(path.key_id, account_id=caller().account_id, actor=caller().actor, request_id=request_id.current())
    return "", 204
