"""Keeps an account's quiet hours from leaving no time for a campaign that has a window of its own."""

from dispatch.errors import MAX_NAMED, InvalidStatus
from dispatch.hours.slots import Hours, possible
from dispatch.hours.window import read_window
from models.account import Account
from models.campaigns.hours import windowed


def check_windows(account: Account) -> None:
    """Refuses, as InvalidStatus, quiet hours of the account within which a campaign's window lies, and names these."""
    found = windowed(account.id)
    closed = {
        window
        for window in {each.send_window for each in found}
        if not possible(
            Hours(read_window(window), quiet=account.quiet_hours, holidays=None, local_time=None), account.country
        )
    }
    met = [each for each in found if each.send_window in closed]
    if not met:
        return
    named = ", ".join(f"{each.name} ({each.id}, {each.send_window})" for each in met[:MAX_NAMED])
    more = f" and {len(met) - MAX_NAMED} more" if len(met) > MAX_NAMED else ""
    raise InvalidStatus(
        f"quiet_hours: nothing of these campaigns could be sent, because their send_window lies within the "
        f"quiet hours: {named}{more}. Change or delete them first.",
        field="quiet_hours",
        campaigns=[each.id for each in met[:MAX_NAMED]],
    )
