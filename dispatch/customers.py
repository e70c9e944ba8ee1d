"""An account's customers, its lists of them, and the numbers it must not message."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg.types.json import Jsonb

from dispatch.accounts import account_with_id
from dispatch.errors import Duplicate, InvalidRequest, NotFound
from dispatch.input import checked_name, checked_text
from dispatch.phones import normalise
from models.audit_event import AuditEvent
from models.customer_upsert import list_named
from models.database import changed, db, row, rows

MOST_TEXT = 255
_SHOWN = """id, account_id, phone, first_name, last_name, location, prefered_product, attributes, zone, consent,
            created_at"""


def create_customer(
    account_id: UUID,
    *,
    phone: str,
    first_name: str = "",
    last_name: str = "",
    location: str | None = None,
    prefered_product: str | None = None,
    attributes: dict[str, Any] | None = None,
    zone: str | None = None,
    actor: str = "operator",
    request_id: str | None = None,
) -> dict[str, Any]:
    """Adds a customer and gives it as shown; Duplicate when the account knows the phone already.

    A phone without a country code is read as one of the account's country.
    """
    texts = {
        "first_name": first_name,
        "last_name": last_name,
        "location": location,
        "prefered_product": prefered_product,
    }
    values = {
        "account": account_id,
        "phone": normalise(phone, account_with_id(account_id)["country"]),
        "attributes": Jsonb(attributes or {}),
        "zone": _checked_zone(zone),
        **{field: checked_text(text, field=field, most=MOST_TEXT) for field, text in texts.items()},
    }
    with db.atomic():
        made = row(
            f"""INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product,
                                      attributes, zone)
                VALUES (%(account)s, %(phone)s, %(first_name)s, %(last_name)s, %(location)s,
                        %(prefered_product)s, %(attributes)s, %(zone)s)
                ON CONFLICT (account_id, phone) DO NOTHING RETURNING {_SHOWN}""",
            values,
        )
        if made is None:
            raise Duplicate("There is already a customer with this phone.", field="phone")
        # The trail names the row and never the phone: it outlives the customer.
        AuditEvent.note("customer.created", made["id"], account_id=account_id, actor=actor, request_id=request_id)
    return _shown(made)


def list_customers(
    account_id: UUID | None, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """One page of customers, newest first, and how many there are in all; `q` searches names and phones."""
    conditions = []
    if account_id is not None:
        conditions.append("account_id = %(account)s")
    if q:
        conditions.append(
            """(strpos(lower(first_name || ' ' || last_name), lower(%(q)s)) > 0 OR strpos(phone, %(q)s) > 0)"""
        )
    where = " AND ".join(conditions) or "true"
    given = {"account": account_id, "q": q, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        f"SELECT {_SHOWN} FROM customer WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given
    )
    total = row(f"SELECT count(*) AS total FROM customer WHERE {where}", given)
    assert total is not None
    return [_shown(customer) for customer in found], total["total"]


def list_called(account_id: UUID, name: str) -> int:
    """The id of the account's list of this name; NotFound when there is none."""
    found = (
        row("SELECT id FROM customer_list WHERE account_id = %s AND name = %s", [account_id, name.strip()])
        if "\0" not in name
        else None
    )
    if found is None:
        raise NotFound(f"There is no list called {name.strip()[:200]!r}.")
    return found["id"]


def ensure_list(account_id: UUID, name: str) -> int:
    """The id of the account's list of this name, made when there is none."""
    return list_named(account_id, checked_name(name, field="list"))


def list_lists(account_id: UUID) -> list[dict[str, Any]]:
    """The account's lists by name, with how many customers are on each."""
    return rows(
        """SELECT l.id, l.name, count(m.customer_id) AS customers
           FROM customer_list l LEFT JOIN list_member m ON m.list_id = l.id
           WHERE l.account_id = %s GROUP BY l.id ORDER BY l.name""",
        [account_id],
    )


def opt_out(account_id: UUID, phone: str, *, source: str = "") -> bool:
    """Keeps the account from messaging this phone, from the next claim on; False when that is so already."""
    number = normalise(phone, account_with_id(account_id)["country"])
    return (
        changed(
            """INSERT INTO suppression (account_id, phone, source) VALUES (%s, %s, %s)
               ON CONFLICT (account_id, phone) DO NOTHING""",
            [account_id, number, source],
        )
        == 1
    )


def _checked_zone(zone: str | None) -> str | None:
    if zone is None:
        return None
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidRequest("zone is the name of a time zone, such as Europe/Athens.", field="zone") from None


def _shown(customer: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in customer.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
