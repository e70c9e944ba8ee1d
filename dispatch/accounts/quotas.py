"""Quotas: what an operator limits of an account, shown with what is used, and the refusals when one is reached.

A limit that is lowered takes nothing away: it keeps more from being added.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import Field

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import Forbidden, InvalidRequest, NoRecipients, QuotaExceeded, SpendingLimit
from dispatch.formats.phone_countries import pattern_of
from dispatch.formats.phones import check_country
from dispatch.formats.view import View
from models import quota
from models.api_key import ApiKey
from models.campaigns import blocking
from models.database import db
from models.quota import QUOTAS, AccountDay, AccountQuota

MAX_QUOTA = 10**15
# What each counts, as a refusal says it.
_WORDS = {
    "open_imports": "imports of customers that have not ended",
    "scheduled_campaigns": "campaigns that are scheduled or recurring",
    "stored_rows": "customers and places on lists",
}
_MEND = {
    "open_imports": "Wait until one ends or cancel one",
    "scheduled_campaigns": "Wait until one has started or unschedule one",
    "stored_rows": "Delete what is no longer needed",
}
_RAISE = "an operator can raise the limit"


class QuotaView(View):
    """A limit, and how much of it is used."""

    limit: int | None = Field(description="null: any number")
    used: int


class QuotasView(View):
    """An account's quotas; days are those of UTC."""

    open_imports: QuotaView = Field(
        description="imports of customers that have not ended; those of opt-outs are always taken"
    )
    scheduled_campaigns: QuotaView = Field(description="campaigns that start by themselves, once or again and again")
    stored_rows: QuotaView = Field(description="customers and places on lists; opt-outs are always kept")
    messages_per_day: QuotaView = Field(description="messages of the campaigns that were started today")
    credits_per_day: QuotaView = Field(description="credits that they held; what is released later still counts")
    countries: list[str] | None = Field(description="to whose numbers it may send, in two letters; null: any")


def read_quotas(caller: Caller) -> QuotasView:
    """Returns the limits of the caller's account and what is used of them."""
    account_id = account_with_id(caller.one_account()).id
    return _view(AccountQuota.of(account_id))


def change_quotas(caller: Caller, changes: Mapping[str, Any]) -> QuotasView:
    """Sets the limits that are given, None for any number, and returns them all; Forbidden unless by an operator.

    Campaigns that waited for a higher limit are checked again by the next sweep.
    """
    account_id = account_with_id(caller.one_account()).id
    if ApiKey.is_of_account(caller.actor):
        raise Forbidden("Quotas are set by operators; ask one.")
    values = _checked(changes)
    if not values:
        return read_quotas(caller)
    with db.atomic():
        edited = AccountQuota.edit(account_id, values)
        for code in (QuotaExceeded.code, SpendingLimit.code, NoRecipients.code):
            blocking.unblock(account_id, code)
        caller.note("account.quotas_changed", account_id, account_id=account_id, **_noted(values))
    return _view(edited)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is stored of these limits; InvalidRequest names the first that cannot be used."""
    values = dict(changes)
    for field, limit in changes.items():
        if field == "countries":
            values["countries"] = limit if limit is None else sorted({check_country(country) for country in limit})
            values["phones"] = limit if limit is None else pattern_of(values["countries"])
        elif field not in QUOTAS:
            known = ", ".join((*QUOTAS, "countries"))
            raise InvalidRequest(f"There is no quota {field!r}; there are {known}.", field=field)
        elif limit is not None and not 0 <= limit <= MAX_QUOTA:
            raise InvalidRequest(f"{field} is a whole number from 0 to {MAX_QUOTA}, or null.", field=field)
    return values


def _noted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in values.items() if field != "phones"}


def check_quota(account_id: UUID, name: str, *, more: int = 0) -> None:
    """Raises QuotaExceeded when the account has more of it than its limit, with so many `more` that are to be written.

    In the transaction that writes, which the refusal rolls back; others who ask wait until it ends.
    """
    use = quota.locked_use(account_id, name)
    if use and use.used + more > use.limit:
        raise QuotaExceeded(
            f"The account may have {use.limit} {_WORDS[name]}, and this would be more. {_MEND[name]}; {_RAISE}.",
            quota=name,
            limit=use.limit,
            used=min(use.used, use.limit),
        )


def check_spending(account_id: UUID, messages: int) -> None:
    """Refuses a start of so many messages that today's limits leave no room for; what decides is `spend`."""
    limits, today = AccountQuota.of(account_id), AccountDay.today(account_id)
    # Each message costs at least one credit.
    _check_day("messages_per_day", limits.messages_per_day, today.messages, messages)
    _check_day("credits_per_day", limits.credits_per_day, today.credits, messages)


def spend(account_id: UUID, *, messages: int, credits: int) -> None:
    """Counts a campaign that starts for today; SpendingLimit when it is more than the account may send in a day.

    In the transaction that holds its price, so that what is not counted is not sent.
    """
    if quota.spend(account_id, messages=messages, credits=credits):
        return
    limits, today = AccountQuota.of(account_id), AccountDay.today(account_id)
    _check_day("messages_per_day", limits.messages_per_day, today.messages, messages)
    _check_day("credits_per_day", limits.credits_per_day, today.credits, credits)
    raise SpendingLimit("The account's limits changed while the campaign was prepared; start it again.")


def _check_day(name: str, limit: int | None, used: int, more: int) -> None:
    if limit is not None and used + more > limit:
        unit = name.removesuffix("_per_day")
        raise SpendingLimit(
            f"The account may send {limit} {unit} a day, has used {used} and needs {more} more. Wait for the next day "
            f"(of UTC) or choose a smaller audience; {_RAISE}.",
            quota=name,
            limit=limit,
            used=used,
            needed=more,
        )


def _view(limits: AccountQuota) -> QuotasView:
    today = AccountDay.today(limits.account_id)
    use = quota.used(limits.account_id) | {"messages_per_day": today.messages, "credits_per_day": today.credits}
    shown = {name: QuotaView(limit=getattr(limits, name), used=use[name]) for name in QUOTAS}
    return QuotasView(**shown, countries=limits.countries)
