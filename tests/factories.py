"""Arranges tests with one call each: an account, customers, a list, a segment, a campaign, a key."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count as counter
from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import AccountView, change_account, create_account
from dispatch.accounts.credits import top_up
from dispatch.accounts.keys import issue_key
from dispatch.audience.combined import Combined, Excluded, Included
from dispatch.audience.conditions import read_conditions
from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from models.api_key import SCOPES
from models.customers.lists import CustomerList, ListMember
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS, Tenant
from tests.moves import arranging

_FIRST_PHONE = 306_900_000_000
_number = counter(1)
_keys: dict[tuple[UUID, frozenset[str]], str] = {}


def asking(account: Tenant = ALL_ACCOUNTS, *, actor: str = "test", request_id: str = "test") -> Caller:
    """Returns a caller with every scope, for one account or for all of them."""
    return Caller(actor, account, frozenset(SCOPES), request_id, None)


def an_account(
    credits: int = 1000,
    *,
    subscribed: bool = True,
    name: str | None = None,
    country: str | None = None,
    approval_above: int | None = None,
) -> AccountView:
    """Creates an account and tops it up with this many credits."""
    account = create_account(asking(), name or f"account {next(_number)}", subscribed=subscribed, country=country)
    if credits:
        top_up(asking(account.id), credits)
    return change_account(asking(account.id), {"approval_above": approval_above}) if approval_above else account


def a_key(account: AccountView | None, *, scopes: Sequence[str] = SCOPES) -> str:
    """Returns an API key of the account, or of an operator; the same one each time for the same scopes."""
    if account is None:
        return issue_key(asking(), operator=True, scopes=scopes).key
    # An account may have only two live keys with the same scopes.
    wanted = (account.id, frozenset(scopes))
    if wanted not in _keys:
        _keys[wanted] = issue_key(asking(account.id), scopes=scopes).key
    return _keys[wanted]


def customers(account: AccountView, count: int, *, first_phone: str | None = None) -> list[int]:
    """Creates customers with ascending phones after those that the account has, and returns their ids in order."""
    made = rows(
        """INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product)
           SELECT %(account)s, '+' || (%(first)s + i), 'First' || i, 'Last' || i, 'Athens', 'Shoes'
           FROM generate_series(0, %(count)s - 1) AS i ORDER BY i RETURNING id""",
        {"account": account.id, "count": count, "first": _first_phone(account.id, first_phone)},
    )
    return sorted(customer["id"] for customer in made)


def a_list(account: AccountView, count: int, *, name: str | None = None, first_phone: str | None = None) -> int:
    """Creates a list of so many new customers and returns its id."""
    list_id = CustomerList.named(account.id, name or f"list {next(_number)}").id
    rows(
        "INSERT INTO list_member (account_id, list_id, customer_id) SELECT %s, %s, unnest(%s::bigint[])",
        [account.id, list_id, customers(account, count, first_phone=first_phone)],
    )
    return list_id


def a_list_of(account: AccountView, customer_ids: Sequence[int], *, name: str | None = None) -> int:
    """Creates a list of these customers of the account and returns its id."""
    list_id = CustomerList.named(account.id, name or f"list {next(_number)}").id
    ListMember.add(account.id, list_id, customer_ids, may_send=True)
    return list_id


def a_segment(account: AccountView, *condition: Any, name: str | None = None) -> int:
    """Creates a segment with one condition (field, operator and, where it takes one, value) and returns its id."""
    asked = dict(zip(("field", "operator", "value"), condition, strict=False))
    filter = read_filter({"logic": "and", "conditions": [asked]})
    return create_segment(asking(account.id), name=name or f"segment {next(_number)}", filter=filter).id


def combined(
    *,
    everyone: bool = False,
    lists: Iterable[int] = (),
    segments: Iterable[int] = (),
    except_lists: Iterable[int] = (),
    except_segments: Iterable[int] = (),
) -> Combined:
    """Returns an audience of these parts."""
    return Combined(
        include=Included(everyone=everyone, lists=list(lists), segments=list(segments)),
        exclude=Excluded(lists=list(except_lists), segments=list(except_segments)),
    )


def a_campaign(
    account: AccountView,
    *,
    recipients: int | None = None,
    list_id: int | None = None,
    remote: Sequence[dict[str, Any]] | None = None,
    template: str = "Hello {first_name}",
    channel: str = "sms",
    scheduled_at: datetime | None = None,
    expires_at: datetime | None = None,
    due: bool = False,
    name: str | None = None,
    **audience: Any,
) -> CampaignView:
    """Creates a campaign: a draft, `scheduled` with a time, or `due` since a minute ago.

    `recipients` creates a list of so many new customers for it; `remote` are conditions for user-service; `audience`
    is any other, as a draft names it.
    """
    campaign = create_campaign(
        asking(account.id),
        CampaignDraft(
            name=name or f"campaign {next(_number)}",
            template=template,
            channel=channel,
            list_id=a_list(account, recipients) if recipients else list_id,
            remote=read_conditions({"conditions": remote}) if remote is not None else None,
            scheduled_at=scheduled_at,
            expires_at=expires_at,
            **audience,
        ),
    )
    return fallen_due(campaign) if due else campaign


def fallen_due(draft: CampaignView) -> CampaignView:
    """Returns the draft as a campaign that has been due since a minute ago."""
    rows(
        "UPDATE campaign SET status = 'scheduled', scheduled_at = now() - interval '1 minute' WHERE id = %s",
        [draft.id],
    )
    return read_campaign(asking(), draft.id)


def arrange_state(campaign_id: int, status: str, **columns: Any) -> None:
    """Puts a campaign directly into a state, bypassing the table of moves; `columns` are set as well."""
    values = {"status": status, **columns}
    with arranging():
        rows(
            f"UPDATE campaign SET {', '.join(f'{name} = %({name})s' for name in values)} WHERE id = %(id)s",
            {**values, "id": campaign_id},
        )


def _first_phone(account_id: UUID, first_phone: str | None) -> int:
    if first_phone is not None:
        return int(first_phone.removeprefix("+"))
    known = row("SELECT count(*) AS customers FROM customer WHERE account_id = %s", [account_id])
    assert known is not None
    return _FIRST_PHONE + known["customers"]
