"""Customers: found, added, changed, suppressed, deleted. What two tabs change of one customer does not collide."""

from typing import Any

from flask import Response

from api.console import attributes, forms
from api.console.asked import asked_for, filters_of, total_of
from api.console.blueprint import console
from api.console.inputs import id_of, typed_number
from api.console.rendering import page
from api.console.suppressing import suppress
from api.http.auth import caller
from api.http.csv_answer import csv_answer
from api.routes.customers import CustomerQuery
from dispatch.customers import customers, list_members, suppressions
from dispatch.customers.conversation import read_conversation
from dispatch.customers.export import export_customers
from dispatch.customers.lists import list_called, list_names
from dispatch.errors import DispatchError, InvalidRequest, NotFound
from models.customers.customer import CONSENTS

FIELDS = ("phone", "first_name", "last_name", "location", "prefered_product", "zone")
# As many lists are proposed to put someone on, and as many are shown of those that are called alike.
LISTS, ALIKE = 100, 20


@console.page("/customers")
def customer_list() -> Response:
    """The customers, newest first, or those with these words in their names or phones."""
    asked = asked_for(CustomerQuery)
    found = customers.customers_uncounted(caller(), page=asked.page, page_size=asked.page_size, q=asked.q)
    total = total_of(found, asked, lambda: customers.count_customers(caller(), q=asked.q))
    filters = filters_of(asked, "q")
    return page("customers.html", title="Customers", found=found, total=total, asked=asked, filters=filters)


@console.page("/customers/total", passive=True)
def customers_total() -> Response:
    """How many customers there are, or have these words in their names or phones."""
    return page("list_sizes.html", sizes={"all": customers.count_customers(caller(), q=asked_for(CustomerQuery).q)})


@console.page("/customers.csv")
def customers_export() -> Response:
    """All customers as a file that can be imported again."""
    return csv_answer(export_customers(caller()), "customers.csv")


@console.page("/customers/new", scope="write")
def new_customer() -> Response:
    """An empty form."""
    return _blank()


@console.form("/customers/new", scope="write", resumes=True)
def add_customer() -> Response:
    """Adds a customer; what cannot be stored is said above the form."""
    if forms.is_resumed():
        return _blank()
    given = {name: value for name in FIELDS if (value := forms.typed(name).strip())}
    try:
        made = customers.create_customer(caller(), **{"phone": "", **given})
    except DispatchError as refused:
        return _blank(refused)
    return forms.lead_to(f"{_address(made.id)}?done=customer-added")


@console.page("/customers/<customer_id>")
def customer(customer_id: str) -> Response:
    """One customer, with what can be changed."""
    return _one(id_of(customer_id))


@console.form("/customers/<customer_id>", scope="write", resumes=True)
def edit_customer(customer_id: str) -> Response:
    """Changes the fields that are not as they were when the form was made."""
    if forms.is_resumed():
        return _one(id_of(customer_id))
    changes = _changes()
    try:
        stored = customers.read_customer(caller(), id_of(customer_id)).attributes
        some = attributes.changed(attributes.typed_rows(), stored)
        if changes or some:
            lifted = forms.typed("remove_opt_out") == "yes" and changes.get("consent") == "subscribed"
            customers.edit_customer(
                caller(), id_of(customer_id), remove_opt_out=lifted, some_attributes=some, **changes
            )
    except InvalidRequest as refused:
        return _one(id_of(customer_id), refused)
    return forms.lead_to(f"{_address(id_of(customer_id))}?done=customer-saved")


@console.form("/customers/<customer_id>/suppress", scope="write")
def suppress_customer(customer_id: str) -> Response:
    """Keeps anything from being sent to the phone."""
    shown = customers.read_customer(caller(), id_of(customer_id))
    suppress(shown.phone)
    return forms.lead_to(f"{_address(shown.id)}?done=suppressed")


@console.form("/customers/<customer_id>/unsuppress", scope="write")
def unsuppress_customer(customer_id: str) -> Response:
    """Lets the phone be messaged again."""
    shown = customers.read_customer(caller(), id_of(customer_id))
    suppressions.remove_suppression(caller(), suppressions.suppression_of(caller(), shown.phone))
    return forms.lead_to(f"{_address(shown.id)}?done=unsuppressed")


@console.form("/customers/<customer_id>/list", scope="write", resumes=True)
def put_on_list(customer_id: str) -> Response:
    """Puts the customer on the list of this name; without one, shows the lists with these words in their names."""
    wanted = id_of(customer_id)
    if forms.is_resumed():
        return _one(wanted)
    try:
        list_id = typed_number("list_id") or list_called(caller(), forms.typed("list"))
        list_members.add_members(caller(), list_id, [wanted])
    except NotFound as refused:
        return _one(wanted, refused)
    return forms.lead_to(f"{_address(wanted)}?done=on-list")


@console.form("/customers/<customer_id>/delete", scope="write")
def delete_customer(customer_id: str) -> Response:
    """Deletes the customer."""
    customers.delete_customer(caller(), id_of(customer_id))
    return forms.lead_to(f"{forms.START}/customers?done=customer-deleted")


def _changes() -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in (*FIELDS, "consent"):
        typed = forms.typed(name).strip()
        if name in forms.sent() and forms.is_changed(name, typed):
            changes[name] = None if name == "zone" and not typed else typed
    return changes


def _one(customer_id: int, refused: DispatchError | None = None) -> Response:
    shown = customers.read_customer(caller(), customer_id)
    stored = {name: getattr(shown, name) or "" for name in (*FIELDS, "consent")}
    typed_rows = attributes.typed_rows() if refused or forms.is_resumed() else []
    suppressed = suppressions.read_suppression(caller(), shown.phone) if shown.suppressed else None
    return page(
        "customer.html",
        refused=refused,
        title=f"{shown.first_name} {shown.last_name}".strip() or shown.phone,
        shown=shown,
        suppressed=suppressed,
        attributes=typed_rows or attributes.rows_of(shown.attributes),
        other_attributes=attributes.others_of(shown.attributes),
        conversation=read_conversation(caller(), shown.id),
        typed={name: forms.typed(name, value) for name, value in stored.items()},
        was=forms.before(stored),
        consents=CONSENTS,
        lists=list_names(caller(), page_size=LISTS).rows,
        typed_list=(name := forms.typed("list").strip()),
        lists_alike=list_names(caller(), page_size=ALIKE, q=name).rows if name else [],
    )


def _blank(refused: DispatchError | None = None) -> Response:
    return page(
        "customer_new.html",
        refused=refused,
        title="New customer",
        typed={name: forms.typed(name) for name in FIELDS},
    )


def _address(customer_id: int) -> str:
    return f"{forms.START}/customers/{customer_id}"
