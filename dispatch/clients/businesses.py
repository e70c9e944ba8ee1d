"""business-service: how many people a business may message over a channel."""

from yarl import URL

from dispatch.clients.reading import Reader
from dispatch.errors import RemoteFailed

NAME = "business-service"
# What the column takes.
MAX_CAPACITY = 2**63 - 1


async def read_capacity(reader: Reader, base: URL, business_id: str, channel: str) -> int | None:
    """Returns the most recipients of one campaign, or None when the business has no limit."""
    url = base / "api" / "businesses" / business_id / "capacity"
    try:
        document = await reader.get(str(url), {"channel": channel}, name=NAME)
    except RemoteFailed as failure:
        if failure.details.get("status") == 404:
            raise RemoteFailed(
                f"{NAME} knows no business {business_id!r}; correct the account's business id.", status=404
            ) from None
        raise
    capacity = document.get("capacity", -1)
    if capacity is not None and (
        not isinstance(capacity, int) or isinstance(capacity, bool) or not 0 <= capacity <= MAX_CAPACITY
    ):
        raise RemoteFailed(f"{NAME} answered without a capacity: it must be a whole number below 2^63, or null.")
    return capacity
