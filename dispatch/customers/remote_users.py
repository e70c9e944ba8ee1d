"""Makes customers of a page of users, and chooses for a campaign those who can be messaged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from dispatch.accounts.quotas import check_quota
from dispatch.clients.users import RemoteUser
from dispatch.formats.checks import composed
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import normalise, read_phone
from models.campaigns.audience import CampaignCustomer
from models.customers.remote import CustomerFromUser, choosable, opt_out_users, upsert_users

# Why a user is not kept (docs/remote.md).
UNREADABLE = "unreadable"
REPEATED = "repeated"
OPTED_OUT = "opted_out"
NO_PHONE = "no_phone"
INVALID_PHONE = "invalid_phone"
PHONE_TAKEN = "phone_of_another"
OVER_CAPACITY = "over_capacity"


@dataclass(frozen=True, slots=True)
class SortedUsers:
    """The users of a page: those to keep, those who have opted out, and the others by reason."""

    wanted: list[CustomerFromUser]
    opted_out: list[RemoteUser]
    rejected: Counter[str]


def sort_users(users: Sequence[RemoteUser], country: str | None) -> SortedUsers:
    """Checks each user; phones without a country code are read as those of `country`. Nothing is written."""
    sorted_users = SortedUsers([], [], Counter())
    ids: set[str] = set()
    phones: set[str] = set()
    for user in users:
        result = _checked(user, country, ids, phones)
        ids.add(user.id)
        if isinstance(result, CustomerFromUser):
            phones.add(result.phone)
            sorted_users.wanted.append(result)
        else:
            sorted_users.rejected[result] += 1
            if result == OPTED_OUT:
                sorted_users.opted_out.append(user)
    return sorted_users


def keep_users(
    account_id: UUID, campaign_id: int, users: SortedUsers, *, country: str | None, room: int | None
) -> tuple[int, Counter[str]]:
    """Writes the users and adds as many to the campaign as there is room for; returns how many, and who is left out.

    Runs in the transaction of its caller. Doing it again adds no one.
    """
    rejected = users.rejected.copy()
    if users.opted_out:
        opt_out_users(account_id, [user.id for user in users.opted_out], _phones(users.opted_out, country))
    known, new = upsert_users(account_id, users.wanted)
    if new:
        check_quota(account_id, "stored_rows")
    rejected[PHONE_TAKEN] += len(users.wanted) - len(known)
    in_order = [known[user.external_id] for user in users.wanted if user.external_id in known]
    free, chosen, skipped = choosable(account_id, campaign_id, in_order)
    kept = CampaignCustomer.choose(account_id, campaign_id, free if room is None else free[:room])
    rejected.update({REPEATED: chosen, OVER_CAPACITY: len(free) - kept})
    return kept, +(rejected + skipped)


def _checked(user: RemoteUser, country: str | None, ids: set[str], phones: set[str]) -> CustomerFromUser | str:
    """Returns the customer that the user becomes, or the reason why there is none."""
    if user.id in ids:
        return REPEATED
    if user.opted_out:
        return OPTED_OUT
    if not user.phone or not user.phone.strip():
        return NO_PHONE
    try:
        phone, kind = read_phone(user.phone, country)
    except InvalidPhone:
        return INVALID_PHONE
    if phone in phones:
        return PHONE_TAKEN
    texts = (user.first_name, user.last_name, user.location or None, user.prefered_product or None)
    return CustomerFromUser(user.id, phone, kind, *map(composed, texts))


def _phones(users: Sequence[RemoteUser], country: str | None) -> list[str]:
    phones = []
    for user in users:
        try:
            phones.append(normalise(user.phone or "", country))
        except InvalidPhone:
            continue
    return phones
