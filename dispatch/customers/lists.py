"""An account's lists of customers: named sets, for campaigns and imports. Who is on them is `list_members.py`."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from dispatch.caller import Caller
from dispatch.errors import MAX_NAMED, Duplicate, InvalidStatus, NotFound
from dispatch.formats.checks import checked_name
from dispatch.formats.searches import search_of
from dispatch.formats.view import Time, View
from models.customers.imports import CustomerImport
from models.customers.lists import CustomerList, ListMember
from models.database import db
from models.page import Page
from models.segment import SegmentReference


class CustomerListView(View):
    """A list; `customers` is how many are on it."""

    id: int
    account_id: UUID
    name: str
    created_at: Time
    customers: int


class ListNameView(View):
    """A list by its name alone; how many are on it takes a moment to count."""

    id: int
    name: str


def create_list(caller: Caller, *, name: str) -> CustomerListView:
    """Adds an empty list; Duplicate when the name is taken."""
    account_id = caller.one_account()
    name = checked_name(name)
    with db.atomic():
        made = CustomerList.named(account_id, name)
        if not made.is_new:
            raise _taken(name)
        caller.note("list.created", made.id, account_id=account_id)
    return read_list(caller, made.id)


def read_list(caller: Caller, list_id: int) -> CustomerListView:
    """Returns the list, with how many customers are on it; NotFound when there is none."""
    found = CustomerList.find(list_id, caller.account)
    if found is None:
        raise _missing()
    return CustomerListView.model_validate(found)


def list_lists(caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None) -> Page[CustomerListView]:
    """One page of lists, newest first; `q` are words of their names, or parts of them."""
    found = CustomerList.page(caller.account, page=page, page_size=page_size, q=search_of(q))
    return found.map(CustomerListView.model_validate)


def read_list_name(caller: Caller, list_id: int) -> ListNameView:
    """Returns the list without a count; NotFound when there is none."""
    found = CustomerList.find_uncounted(list_id, caller.account)
    if found is None:
        raise _missing()
    return ListNameView.model_validate(found)


def list_names(caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None) -> Page[ListNameView]:
    """Returns the same page as `list_lists`, without counts."""
    found = CustomerList.page_uncounted(caller.account, page=page, page_size=page_size, q=search_of(q))
    return found.map(ListNameView.model_validate)


def list_sizes(caller: Caller, list_ids: Sequence[int]) -> dict[int, int]:
    """Returns how many customers are on each of these lists, 0 for one that the caller may not see."""
    return dict.fromkeys(list_ids, 0) | ListMember.counts(list(list_ids), caller.account)


def list_called(caller: Caller, name: str) -> int:
    """Returns the id of the account's list of this name; NotFound when there is none."""
    account_id, name = caller.one_account(), name.strip()
    found = CustomerList.of_name(account_id, name) if "\0" not in name else None
    if found is None:
        raise NotFound(f"There is no list called {name[:200]!r}.")
    return found.id


def rename_list(caller: Caller, list_id: int, *, name: str) -> CustomerListView:
    """Renames the list; Duplicate when the name is taken."""
    name = checked_name(name)
    try:
        with db.atomic():
            renamed = CustomerList.rename(list_id, caller.account, name)
            if renamed is None:
                raise _missing()
            caller.note("list.renamed", list_id, account_id=renamed.account_id, name=name)
    except UniqueViolation:
        raise _taken(name) from None
    return read_list(caller, list_id)


def delete_list(caller: Caller, list_id: int) -> None:
    """Deletes the list and keeps its customers; InvalidStatus while a campaign or an import names it.

    The audience of a campaign stays on record, so a list that was ever used stays too; it can be renamed and emptied.
    """
    try:
        with db.atomic():
            CustomerImport.forget_list(list_id, caller.account)
            deleted = CustomerList.remove(list_id, caller.account)
            if deleted is None:
                raise _missing()
            caller.note("list.deleted", list_id, account_id=deleted.account_id, name=deleted.name)
    except ForeignKeyViolation:
        raise _in_use(list_id) from None


def _missing() -> NotFound:
    return NotFound("There is no such list.")


def _taken(name: str) -> Duplicate:
    return Duplicate(f"There is already a list called {name}.", field="name")


def _in_use(list_id: int) -> InvalidStatus:
    if segments := SegmentReference.names_of("list_id", list_id, limit=MAX_NAMED):
        return InvalidStatus(
            f"Segments look at this list: {', '.join(segments)}; change or delete them first.", segments=segments
        )
    campaigns = CustomerList.campaigns(list_id, limit=MAX_NAMED)
    if not campaigns:
        return InvalidStatus("An import is still adding customers to this list; delete it afterwards.")
    named = ", ".join(map(str, campaigns))
    return InvalidStatus(
        f"Campaigns include or exclude this list, among them {named}; rename it, or empty it once they have started.",
        campaigns=campaigns,
    )
