"""An account's lists of customers: named sets, for campaigns and imports. Who is on them is `list_members.py`."""

from typing import Any

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidStatus, NotFound
from dispatch.formats.checks import checked_name
from dispatch.formats.json_row import plain, plain_all
from models.database import changed, db, row, rows
from models.tenancy import owned_by

# Of the campaigns in the way, as many are named.
MOST_NAMED = 10

_SHOWN = """l.id, l.account_id, l.name, l.created_at,
            (SELECT count(*) FROM list_member m WHERE m.list_id = l.id) AS customers"""


def create_list(caller: Caller, *, name: str) -> dict[str, Any]:
    """Makes an empty list and gives it as shown; Duplicate when the name is taken."""
    account_id = caller.one_account()
    name = checked_name(name)
    with db.atomic():
        made = row(
            "INSERT INTO customer_list (account_id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [account_id, name],
        )
        if made is None:
            raise _taken(name)
        caller.note("list.created", made["id"], account_id=account_id)
    return read_list(caller, made["id"])


def read_list(caller: Caller, list_id: int) -> dict[str, Any]:
    """The list as shown, with how many customers are on it; NotFound when there is none."""
    found = row(
        f"SELECT {_SHOWN} FROM customer_list l WHERE l.id = %(id)s AND {owned_by(caller.account, 'l.account_id')}",
        {"id": list_id, "account": caller.account},
    )
    if found is None:
        raise NotFound("There is no such list.")
    return plain(found)


def list_lists(
    caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """One page of lists, newest first, and how many there are in all; `q` searches names."""
    where = f"""{owned_by(caller.account, "l.account_id")}
               AND (%(q)s::text IS NULL OR strpos(lower(l.name), lower(%(q)s)) > 0)"""
    given = {"account": caller.account, "q": q or None, "limit": page_size, "offset": (page - 1) * page_size}
    # The page first, and then the members of its lists only.
    found = rows(
        f"""SELECT {_SHOWN} FROM (
                SELECT * FROM customer_list l WHERE {where} ORDER BY l.id DESC LIMIT %(limit)s OFFSET %(offset)s) l
            ORDER BY l.id DESC""",
        given,
    )
    total = row(f"SELECT count(*) AS total FROM customer_list l WHERE {where}", given)
    assert total is not None
    return plain_all(found), total["total"]


def list_called(caller: Caller, name: str) -> int:
    """The id of the account's list of this name; NotFound when there is none."""
    known = "SELECT id FROM customer_list WHERE account_id = %s AND name = %s"
    found = row(known, [caller.one_account(), name.strip()]) if "\0" not in name else None
    if found is None:
        raise NotFound(f"There is no list called {name.strip()[:200]!r}.")
    return found["id"]


def rename_list(caller: Caller, list_id: int, *, name: str) -> dict[str, Any]:
    """Gives the list another name and gives it as shown; Duplicate when the name is taken."""
    name = checked_name(name)
    try:
        with db.atomic():
            renamed = row(
                f"""UPDATE customer_list SET name = %(name)s WHERE id = %(id)s AND {owned_by(caller.account)}
                    RETURNING account_id""",
                {"id": list_id, "account": caller.account, "name": name},
            )
            if renamed is None:
                raise NotFound("There is no such list.")
            owner = renamed["account_id"]
            caller.note("list.renamed", list_id, account_id=owner, name=name)
    except UniqueViolation:
        raise _taken(name) from None
    return read_list(caller, list_id)


def delete_list(caller: Caller, list_id: int) -> None:
    """Removes the list and keeps its customers; InvalidStatus while a campaign or an import names it.

    What a campaign was sent to stays known, so a list that was ever used can be renamed and emptied, and stays.
    """
    try:
        with db.atomic():
            # An import that has ended only remembers where it went; that does not keep the list.
            changed(
                f"""UPDATE customer_import SET list_id = NULL
                   WHERE list_id = %(id)s AND {owned_by(caller.account)}
                     AND status IN ('done', 'failed')""",
                {"id": list_id, "account": caller.account},
            )
            deleted = row(
                f"""DELETE FROM customer_list WHERE id = %(id)s AND {owned_by(caller.account)}
                    RETURNING account_id, name""",
                {"id": list_id, "account": caller.account},
            )
            if deleted is None:
                raise NotFound("There is no such list.")
            owner, name = deleted["account_id"], deleted["name"]
            caller.note("list.deleted", list_id, account_id=owner, name=name)
    except ForeignKeyViolation:
        raise _in_use(list_id) from None


def _taken(name: str) -> Duplicate:
    return Duplicate(f"There is already a list called {name}.", field="name")


def _in_use(list_id: int) -> InvalidStatus:
    users = rows("SELECT id FROM campaign WHERE list_id = %s ORDER BY id DESC LIMIT %s", [list_id, MOST_NAMED])
    if not users:
        return InvalidStatus("An import is still adding customers to this list; delete it afterwards.")
    campaigns = [each["id"] for each in users]
    return InvalidStatus(
        f"Campaigns went or will go to this list, among them {', '.join(map(str, campaigns))}; rename or empty it.",
        campaigns=campaigns,
    )
