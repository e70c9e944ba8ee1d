"""API keys whose end would stop someone."""

from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.words import on_clock
from models.api_key import ApiKey

EXPIRES_WITHIN_DAYS = 7
# The text names as many, and says how many more there are.
MAX_NAMED = 5


def expiring_keys() -> list[Reason]:
    """Returns one reason for all keys that are in use, expire soon and have no successor."""
    found = ApiKey.about_to_stop(within_days=EXPIRES_WITHIN_DAYS)
    if not found:
        return []
    named = [f"{each.name or each.prefix} at {on_clock(each.expires_at, each.zone)}" for each in found[:MAX_NAMED]]
    more = f" and {len(found) - len(named)} more" if len(found) > len(named) else ""
    text = (
        f"API keys that are in use expire soon: {', '.join(named)}{more}. Make others with the same scopes "
        "(`key create`), and give them to whoever uses these."
    )
    return [of_installation("key_expires", text)]
