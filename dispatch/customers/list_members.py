"""Who is on a list."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.errors import ForeignKeyViolation

from dispatch.caller import Caller
from dispatch.customers.customers import CustomerView
from dispatch.customers.lists import read_list
from dispatch.errors import CustomerNotFound, EmptyCustomerIds, NotFound
from dispatch.formats.checks import can_be_id
from models.customer import Customer
from models.database import changed, db, row
from models.page import Page

# Of the ids that do not exist, as many are named.
MOST_NAMED = 10


def list_members(caller: Caller, list_id: int, *, page: int = 1, page_size: int = 20) -> Page[CustomerView]:
    """One page of the list's customers, newest first."""
    total = read_list(caller, list_id)["customers"]
    found = Customer.on_list(list_id, page=page, page_size=page_size)
    return Page(found, total).map(CustomerView.model_validate)


def add_members(caller: Caller, list_id: int, customer_ids: Sequence[int]) -> dict[str, int]:
    """Puts customers on the list; gives how many are new there and how many are on it now.

    CustomerNotFound, and nobody added, unless all are customers of the list's account.
    """
    wanted = _checked_ids(customer_ids)
    owner = UUID(read_list(caller, list_id)["account_id"])
    try:
        with db.atomic():
            added, known = _join(owner, list_id, wanted)
            if missing := sorted(wanted - known):
                raise _unknown(missing)
            _note(caller, "list.members_added", list_id, owner, added)
    except ForeignKeyViolation:
        raise NotFound("There is no such list.") from None
    return {"added": added, "customers": read_list(caller, list_id)["customers"]}


def remove_members(caller: Caller, list_id: int, customer_ids: Sequence[int]) -> dict[str, int]:
    """Takes customers off the list; gives how many were on it and how many still are. Others are left alone."""
    wanted = _checked_ids(customer_ids)
    owner = UUID(read_list(caller, list_id)["account_id"])
    with db.atomic():
        removed = changed(
            "DELETE FROM list_member WHERE account_id = %s AND list_id = %s AND customer_id = ANY(%s)",
            [owner, list_id, _storable(wanted)],
        )
        _note(caller, "list.members_removed", list_id, owner, removed)
    return {"removed": removed, "customers": read_list(caller, list_id)["customers"]}


def _checked_ids(customer_ids: Sequence[int]) -> set[int]:
    if not customer_ids:
        raise EmptyCustomerIds("customer_ids is empty; name at least one customer.", field="customer_ids")
    return set(customer_ids)


def _join(account_id: UUID, list_id: int, customer_ids: set[int]) -> tuple[int, set[int]]:
    """Adds those that exist, and gives how many are new on the list and which exist."""
    found = row(
        """WITH known AS (
               SELECT id FROM customer WHERE account_id = %(account)s AND id = ANY(%(ids)s) FOR KEY SHARE
           ), added AS (
               INSERT INTO list_member (account_id, list_id, customer_id)
               SELECT %(account)s, %(list)s, id FROM known ON CONFLICT DO NOTHING RETURNING 1
           )
           SELECT (SELECT array_agg(id) FROM known) AS known, (SELECT count(*) FROM added) AS added""",
        {"account": account_id, "list": list_id, "ids": _storable(customer_ids)},
    )
    assert found is not None
    return found["added"], set(found["known"] or ())


def _storable(customer_ids: set[int]) -> list[int]:
    return [customer_id for customer_id in customer_ids if can_be_id(customer_id)]


def _note(caller: Caller, action: str, list_id: int, account_id: UUID, customers: int) -> None:
    if customers:
        caller.note(action, list_id, account_id=account_id, customers=customers)


def _unknown(missing: list[int]) -> CustomerNotFound:
    named = ", ".join(map(str, missing[:MOST_NAMED]))
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return CustomerNotFound(f"There are no customers with these ids: {named}{more}.", customer_ids=missing[:MOST_NAMED])
