"""Who is on a list."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import ForeignKeyViolation

from dispatch.accounts.quotas import check_quota
from dispatch.caller import Caller
from dispatch.customers.customers import CustomerView
from dispatch.customers.lists import read_list, read_list_name
from dispatch.errors import CustomerNotFound, EmptyCustomerIds, NotFound
from dispatch.formats.checks import can_be_id
from dispatch.formats.view import View
from models.campaigns.awaiting import lock_source
from models.customers.customer import Customer
from models.customers.lists import ListMember
from models.database import db
from models.page import Page, UncountedPage


class AddedMembersView(View):
    """How many are new on the list, and how many are on it now."""

    added: int
    customers: int


class RemovedMembersView(View):
    """How many were taken off the list, and how many are on it now."""

    removed: int
    customers: int


def list_members(caller: Caller, list_id: int, *, page: int = 1, page_size: int = 20) -> Page[CustomerView]:
    """One page of the list's customers, newest first."""
    total = read_list(caller, list_id).customers
    found = Customer.on_list(list_id, page=page, page_size=page_size)
    return Page(found.rows, total).map(CustomerView.model_validate)


def members_uncounted(
    caller: Caller, list_id: int, *, page: int = 1, page_size: int = 20
) -> UncountedPage[CustomerView]:
    """Returns the same page without how many there are."""
    read_list_name(caller, list_id)
    return Customer.on_list(list_id, page=page, page_size=page_size).map(CustomerView.model_validate)


def add_members(caller: Caller, list_id: int, customer_ids: Sequence[int]) -> AddedMembersView:
    """Puts customers on the list; CustomerNotFound, and no one is added, unless all are of the list's account.

    While a campaign is scheduled for the list, or for a segment whose filter names it, that takes the scope `send`, as
    changing the campaign does.
    """
    wanted = _checked_ids(customer_ids)
    owner = read_list(caller, list_id).account_id
    try:
        with db.atomic():
            lock_unless_may_send(caller, list_id)
            found = ListMember.add(owner, list_id, _storable(wanted), may_send="send" in caller.scopes)
            require_send(caller, found.awaited_by)
            if missing := sorted(wanted.difference(found.known)):
                raise CustomerNotFound.with_ids(missing)
            if found.added:
                check_quota(owner, "stored_rows")
            _note(caller, "list.members_added", list_id, owner, found.added)
    except ForeignKeyViolation:  # deleted by another request meanwhile
        raise NotFound("There is no such list.") from None
    return AddedMembersView(added=found.added, customers=read_list(caller, list_id).customers)


def remove_members(caller: Caller, list_id: int, customer_ids: Sequence[int]) -> RemovedMembersView:
    """Takes customers off the list; those who are not on it are ignored.

    While a campaign is scheduled that leaves out the people on the list, or is for a segment whose filter names it,
    that takes the scope `send`.
    """
    wanted = _checked_ids(customer_ids)
    owner = read_list(caller, list_id).account_id
    with db.atomic():
        lock_unless_may_send(caller, list_id)
        found = ListMember.remove(owner, list_id, _storable(wanted), may_send="send" in caller.scopes)
        require_send(caller, found.awaited_by)
        _note(caller, "list.members_removed", list_id, owner, found.removed)
    return RemovedMembersView(removed=found.removed, customers=read_list(caller, list_id).customers)


def lock_unless_may_send(caller: Caller, list_id: int) -> None:
    """Makes a campaign that is being scheduled for the list come first, or wait until the transaction ends."""
    if "send" not in caller.scopes:
        lock_source("customer_list", list_id)


def require_send(caller: Caller, campaign_id: int | None) -> None:
    """Raises Forbidden unless the caller may send; nothing without a campaign that the list decides about."""
    if campaign_id:
        caller.require("send", because=f"Campaign {campaign_id} is scheduled, and this list decides whom it goes to.")


def _checked_ids(customer_ids: Sequence[int]) -> set[int]:
    if not customer_ids:
        raise EmptyCustomerIds("customer_ids is empty; name at least one customer.", field="customer_ids")
    return set(customer_ids)


def _storable(customer_ids: set[int]) -> list[int]:
    return [customer_id for customer_id in customer_ids if can_be_id(customer_id)]


def _note(caller: Caller, action: str, list_id: int, account_id: UUID, customers: int) -> None:
    if customers:
        caller.note(action, list_id, account_id=account_id, customers=customers)
