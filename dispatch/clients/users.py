"""user-service: the users that match a campaign's conditions, page by page."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from yarl import URL

from dispatch.clients.reading import Reader
from dispatch.errors import RemoteFailed

NAME = "user-service"
MAX_ID = 200
MAX_TEXT = 255
MAX_CURSOR = 2000
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _storable(value: Any) -> Any:
    if isinstance(value, str) and _NOT_STORABLE.search(value):
        raise ValueError("has a character that PostgreSQL refuses")
    return value


def _id_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _storable(value)


Text = Annotated[Annotated[str, Field(max_length=MAX_TEXT)] | None, BeforeValidator(_storable)]


class RemoteUser(BaseModel):
    """A user as user-service describes one; fields that it adds are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[str, BeforeValidator(_id_as_text), Field(min_length=1, max_length=MAX_ID)]
    phone: Text = None
    first_name: Text = Field(None, validation_alias="firstName")
    last_name: Text = Field(None, validation_alias="lastName")
    location: Text = None
    #: The spelling of the template field is part of its contract; either spelling is read.
    prefered_product: Text = Field(None, validation_alias=AliasChoices("preferredProduct", "preferedProduct"))
    opted_out: bool = Field(False, validation_alias="optedOut")


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of users; `unreadable` counts those that could not be used, and without `next` it is the last page."""

    users: list[RemoteUser]
    unreadable: int
    next: str | None


async def read_users(
    reader: Reader,
    base: URL,
    business_id: str,
    channel: str,
    conditions: Sequence[Mapping[str, Any]],
    *,
    limit: int,
    cursor: str | None,
) -> UserPage:
    """Returns the page at the cursor, or the first one; RemoteFailed when the service does not answer with a page."""
    query = {
        "businessId": business_id,
        "channel": channel,
        "conditions": json.dumps(conditions, separators=(",", ":"), ensure_ascii=False),
        "limit": str(limit),
    }
    if cursor is not None:
        query["cursor"] = cursor
    document = await reader.get(str(base / "api" / "users"), query, name=NAME)
    users, following = document.get("users"), document.get("next")
    if not isinstance(users, list) or len(users) > limit:
        raise RemoteFailed(f"{NAME} answered without a list of at most {limit} users.")
    if following is not None and (not isinstance(following, str) or not 0 < len(following) <= MAX_CURSOR):
        raise RemoteFailed(f"{NAME} answered with a cursor that is not text of at most {MAX_CURSOR} characters.")
    if following is not None and _NOT_STORABLE.search(following):
        raise RemoteFailed(f"{NAME} answered with a cursor that has a character that PostgreSQL refuses.")
    if following is not None and following == cursor:
        raise RemoteFailed(f"{NAME} answered with the cursor that it was asked for, which would never end.")
    readable = [user for user in map(_readable, users) if user is not None]
    return UserPage(readable, len(users) - len(readable), following)


def _readable(given: Any) -> RemoteUser | None:
    try:
        return RemoteUser.model_validate(given)
    except ValidationError:
        return None
