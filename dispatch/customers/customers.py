"""An account's customers: added, found, edited, deleted.

Lists of them are `lists.py`; the numbers that must not be messaged are `suppressions.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from pydantic import Field

from dispatch.accounts.accounts import account_with_id, country_of
from dispatch.accounts.quotas import check_quota
from dispatch.caller import Caller
from dispatch.customers.attribute_limits import checked_attributes, refusing_too_many
from dispatch.customers.suppressions import note_suppression
from dispatch.errors import CustomerNotFound, Duplicate, InvalidRequest
from dispatch.formats.checks import checked_text, composed
from dispatch.formats.phones import read_phone
from dispatch.formats.searches import search_of
from dispatch.formats.view import Time, View
from models.customers.customer import CONSENTS, MAX_TEXT, Consent, Customer, EditedCustomer
from models.customers.phone_types import PhoneType
from models.customers.suppression import Suppression
from models.database import db
from models.page import Page, UncountedPage
from models.row import JsonObject
from scheduling.zones import zone_in_any_case


class CustomerView(View):
    """A customer, and whether anything is sent to the phone."""

    id: int
    account_id: UUID
    phone: str
    phone_type: PhoneType | None = Field(description="what kind of number it is; null: not known yet")
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    attributes: JsonObject
    zone: str | None
    consent: Consent
    external_id: str | None = Field(description="the person in user-service, if they were fetched from there")
    created_at: Time
    suppressed: bool = Field(description="nothing is sent to this phone, whatever the consent says")


def create_customer(caller: Caller, *, phone: str, **given: object) -> CustomerView:
    """Adds a customer with the fields that are given; Duplicate when the account has one with this phone already.

    A phone without a country code is read as one of the account's country.
    """
    account_id = caller.one_account()
    values = _checked({"phone": phone, **given}, account_with_id(account_id).country)
    with refusing_too_many(), db.atomic():
        made = Customer.add(account_id, values)
        if made is None:
            raise _known()
        check_quota(account_id, "stored_rows")
        # The trail names the row and never the phone: it outlives the customer.
        caller.note("customer.created", made.id, account_id=account_id)
    return CustomerView.model_validate(made)


def list_customers(caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None) -> Page[CustomerView]:
    """One page of customers, newest first; `q` are parts of their names, in any order, and of their phones."""
    asked = search_of(q, country_of(caller) if q else None)
    found = Customer.page(caller.account, page=page, page_size=page_size, q=asked)
    return found.map(CustomerView.model_validate)


def customers_uncounted(
    caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> UncountedPage[CustomerView]:
    """Returns the same page without how many there are, which takes a moment for a large account."""
    asked = search_of(q, country_of(caller) if q else None)
    found = Customer.page_uncounted(caller.account, page=page, page_size=page_size, q=asked)
    return found.map(CustomerView.model_validate)


def count_customers(caller: Caller, *, q: str | None = None) -> int:
    """Returns how many customers `list_customers` finds."""
    return Customer.count(caller.account, search_of(q, country_of(caller) if q else None))


def read_customer(caller: Caller, customer_id: int) -> CustomerView:
    """Returns the customer; CustomerNotFound when there is none, or it is not this account's."""
    found = Customer.find(customer_id, caller.account)
    if found is None:
        raise CustomerNotFound
    return CustomerView.model_validate(found)


def customers_with(caller: Caller, ids: Sequence[int]) -> list[CustomerView]:
    """Returns those of the customers with these ids that the account has, by id."""
    return [CustomerView.model_validate(each) for each in Customer.with_ids(ids, caller.account)] if ids else []


def edit_customer(
    caller: Caller,
    customer_id: int,
    *,
    remove_opt_out: bool = False,
    some_attributes: Mapping[str, object] | None = None,
    **changes: object,
) -> CustomerView:
    """Changes the fields that are named, attributes as a whole, or only `some_attributes`, of which None removes one.

    A customer who is unsubscribed is suppressed too, in the same transaction, since the claim of a message looks at
    nothing else. Subscribing them again lifts that suppression only on request: it may come from their own STOP. When
    the phone changes, a suppression of the old one follows to the new one, for whatever reason it was made; the old
    one stays suppressed too.
    """
    if not changes and not some_attributes:
        raise InvalidRequest("Name at least one field to change.")
    if remove_opt_out and changes.get("consent") != "subscribed":
        raise InvalidRequest("remove_opt_out goes with consent: subscribed.", field="remove_opt_out")
    country = account_with_id(read_customer(caller, customer_id).account_id).country
    values = _checked(changes, country)
    if some_attributes and "attributes" in changes:
        raise InvalidRequest("Change all attributes, or only some of them.", field="attributes")
    some = checked_attributes(composed(dict(some_attributes or {})))
    try:
        with refusing_too_many(), db.atomic():
            edited = Customer.edit(customer_id, caller.account, values, attributes=some)
            if edited is None:
                raise CustomerNotFound
            _follow(caller, edited)
            if edited.consent == "unsubscribed":
                Suppression.add(edited.account_id, edited.phone, source="unsubscribed")
            elif remove_opt_out:
                Suppression.lift_opt_out(edited.account_id, edited.phone)
            fields = sorted({*changes, *(["attributes"] if some else [])}) + ["remove_opt_out"] * remove_opt_out
            caller.note("customer.edited", customer_id, account_id=edited.account_id, fields=fields)
    except UniqueViolation:
        raise _known() from None
    return read_customer(caller, customer_id)


def _follow(caller: Caller, edited: EditedCustomer) -> None:
    """Keeps a person whose number was suppressed from being messaged at the new one."""
    if edited.phone == edited.former_phone:
        return
    note_suppression(caller, Suppression.follow(edited.account_id, old=edited.former_phone, new=edited.phone))


def delete_customer(caller: Caller, customer_id: int) -> None:
    """Deletes the customer, who also leaves the account's lists and the audiences of future campaigns.

    Messages keep their text, phone and outcome, and the id of the deleted customer: ids are never used again, and
    finding them in the message table would take an index that the send path cannot afford. What a running campaign has
    written already is sent; an opt-out stays an opt-out.
    """
    with db.atomic():
        deleted = Customer.remove(customer_id, caller.account)
        if deleted is None:
            raise CustomerNotFound
        caller.note("customer.deleted", customer_id, account_id=deleted.account_id)


def _checked(given: Mapping[str, object], country: str | None) -> dict[str, object]:
    """Returns the fields of a customer as they are stored; InvalidRequest names the first that cannot be."""
    values = {field: _checked_field(field, value, country) for field, value in given.items() if field != "phone"}
    if "phone" in given:
        values["phone"], values["phone_type"] = read_phone(str(given["phone"]), country)
    return values


def _checked_field(field: str, value: Any, country: str | None) -> object:
    match field:
        case "first_name" | "last_name":
            return checked_text(value, field=field, most=MAX_TEXT) or ""
        case "location" | "prefered_product":
            return checked_text(value, field=field, most=MAX_TEXT) or None
        case "zone":
            return _checked_zone(value)
        case "attributes":
            return checked_attributes(composed(value))
        case "consent" if value in CONSENTS:
            return value
        case "consent":
            raise InvalidRequest(f"consent is one of {', '.join(CONSENTS)}.", field=field)
        case _:
            raise InvalidRequest(f"A customer has no {field}.", field=field)


def _checked_zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    if found := zone_in_any_case(zone):
        return found
    raise InvalidRequest("zone is the name of a time zone, such as Europe/Athens.", field="zone")


def _known() -> Duplicate:
    return Duplicate("There is already a customer with this phone.", field="phone")
