"""API keys whose end would stop someone."""

from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.words import listed, on_clock
from models.api_key import ApiKey

EXPIRES_WITHIN_DAYS = 7


def expiring_keys() -> list[Reason]:
    """Returns one reason for all keys that are in use, expire soon and have no successor."""
    found = ApiKey.about_to_stop(within_days=EXPIRES_WITHIN_DAYS)
    if not found:
        return []
    named = [f"{each.name or each.prefix} at {on_clock(each.expires_at, each.zone)}" for each in found]
    text = (
        f"API keys that are in use expire soon: {listed(named)}. Make others with the same scopes "
        "(`key create`), and give them to whoever uses these."
    )
    return [of_installation("key_expires", text)]
