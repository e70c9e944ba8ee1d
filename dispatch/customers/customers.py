"""An account's customers: added, found, edited, removed.

Lists of them are `lists.py`; the numbers that must not be messaged are `suppressions.py`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import CustomerNotFound, Duplicate, InvalidRequest
from dispatch.formats.checks import checked_text
from dispatch.formats.json_row import plain, plain_all
from dispatch.formats.phones import normalise
from models.database import db, row, rows
from models.suppression import Suppression
from models.tenancy import owned_by

MOST_TEXT = 255
CONSENTS = ("subscribed", "unsubscribed")
# What a person may change, besides the phone.
_TEXTS = ("first_name", "last_name", "location", "prefered_product")

SHOWN = """customer.id, customer.account_id, customer.phone, first_name, last_name, location, prefered_product,
           attributes, zone, consent, customer.created_at, EXISTS (
               SELECT FROM suppression s WHERE s.account_id = customer.account_id AND s.phone = customer.phone
           ) AS suppressed"""


def create_customer(
    caller: Caller,
    *,
    phone: str,
    first_name: str = "",
    last_name: str = "",
    location: str | None = None,
    prefered_product: str | None = None,
    attributes: dict[str, Any] | None = None,
    zone: str | None = None,
) -> dict[str, Any]:
    """Adds a customer and gives it as shown; Duplicate when the account knows the phone already.

    A phone without a country code is read as one of the account's country.
    """
    account_id = caller.one_account()
    given = {
        "phone": phone,
        "first_name": first_name,
        "last_name": last_name,
        "location": location,
        "prefered_product": prefered_product,
        "attributes": attributes or {},
        "zone": zone,
    }
    values = _checked(given, account_with_id(account_id).country) | {"account": account_id}
    with db.atomic():
        made = row(
            f"""INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product,
                                      attributes, zone)
                VALUES (%(account)s, %(phone)s, %(first_name)s, %(last_name)s, %(location)s,
                        %(prefered_product)s, %(attributes)s, %(zone)s)
                ON CONFLICT (account_id, phone) DO NOTHING RETURNING {SHOWN}""",
            values,
        )
        if made is None:
            raise _known()
        # The trail names the row and never the phone: it outlives the customer.
        caller.note("customer.created", made["id"], account_id=account_id)
    return plain(made)


def list_customers(
    caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """One page of customers, newest first, and how many there are in all; `q` searches names and phones."""
    conditions = [owned_by(caller.account)]
    if q:
        conditions.append(
            """(strpos(lower(first_name || ' ' || last_name), lower(%(q)s)) > 0 OR strpos(phone, %(q)s) > 0)"""
        )
    where = " AND ".join(conditions)
    given = {"account": caller.account, "q": q, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        f"SELECT {SHOWN} FROM customer WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given
    )
    total = row(f"SELECT count(*) AS total FROM customer WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]


def read_customer(caller: Caller, customer_id: int) -> dict[str, Any]:
    """The customer as shown; CustomerNotFound when there is none, or it is not this account's."""
    found = row(
        f"SELECT {SHOWN} FROM customer WHERE id = %(id)s AND {owned_by(caller.account)}",
        {"id": customer_id, "account": caller.account},
    )
    if found is None:
        raise CustomerNotFound
    return plain(found)


def edit_customer(
    caller: Caller, customer_id: int, changes: Mapping[str, Any], *, remove_opt_out: bool = False
) -> dict[str, Any]:
    """Changes the fields that are named, attributes as a whole, and gives the customer as shown.

    Who is unsubscribed is suppressed too, in the same transaction, since the claim of a message asks nothing else. To
    be subscribed again lifts that opt-out only on request: it may have been the person's own STOP.
    """
    if not changes:
        raise InvalidRequest("Name at least one field to change.")
    if remove_opt_out and changes.get("consent") != "subscribed":
        raise InvalidRequest("remove_opt_out goes with consent: subscribed.", field="remove_opt_out")
    values = _checked(changes, _country_of(caller, customer_id)) | {
        "id": customer_id,
        "account": caller.account,
    }
    assignments = "".join(f"{field} = %({field})s, " for field in changes)
    try:
        with db.atomic():
            edited = row(
                f"""UPDATE customer SET {assignments}updated_at = now() WHERE id = %(id)s AND {owned_by(caller.account)}
                    RETURNING account_id, phone, consent""",
                values,
            )
            if edited is None:
                raise CustomerNotFound
            owner, phone = edited["account_id"], edited["phone"]
            if edited["consent"] == "unsubscribed":
                Suppression.add(owner, phone, source="unsubscribed")
            elif remove_opt_out:
                Suppression.lift_opt_out(owner, phone)
            caller.note(
                "customer.edited",
                customer_id,
                account_id=owner,
                fields=sorted(changes) + ["remove_opt_out"] * remove_opt_out,
            )
    except UniqueViolation:
        raise _known() from None
    return read_customer(caller, customer_id)


def delete_customer(caller: Caller, customer_id: int) -> None:
    """Removes the customer from the account, its lists and the campaigns to come.

    Messages keep their text, phone and outcome, and the number of a customer that is no more: numbers are never given
    twice, and finding them in the message table would take an index that the send path cannot afford. What a campaign
    under way has written already is sent; an opt-out stays an opt-out.
    """
    with db.atomic():
        deleted = row(
            f"DELETE FROM customer WHERE id = %(id)s AND {owned_by(caller.account)} RETURNING account_id",
            {"id": customer_id, "account": caller.account},
        )
        if deleted is None:
            raise CustomerNotFound
        caller.note("customer.deleted", customer_id, account_id=deleted["account_id"])


def _country_of(caller: Caller, customer_id: int) -> str | None:
    """The country in which a phone of this customer is read; CustomerNotFound when there is none."""
    return account_with_id(UUID(read_customer(caller, customer_id)["account_id"])).country


def _checked(given: Mapping[str, Any], country: str | None) -> dict[str, Any]:
    """The fields of a customer as they are stored; InvalidRequest names the first that cannot be."""
    return {field: _checked_field(field, value, country) for field, value in given.items()}


def _checked_field(field: str, value: Any, country: str | None) -> Any:
    if field in _TEXTS:
        text = checked_text(value, field=field, most=MOST_TEXT)
        return text or "" if field in ("first_name", "last_name") else text
    if field == "phone":
        return normalise(value, country)
    if field == "attributes":
        return Jsonb(value)
    if field == "zone":
        return _checked_zone(value)
    if field == "consent" and value in CONSENTS:
        return value
    raise InvalidRequest(
        f"consent is one of {', '.join(CONSENTS)}." if field == "consent" else f"A customer has no {field}.",
        field=field,
    )


def _known() -> Duplicate:
    return Duplicate("There is already a customer with this phone.", field="phone")


def _checked_zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequest("zone is the name of a time zone, such as Europe/Athens.", field="zone") from None
