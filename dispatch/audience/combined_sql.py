"""Turns the parts of a combined audience into SQL over the customers `cu`, each of whom it selects once.

A person's number is unique in the account, so whoever is selected once gets the text once. There is a query for each
list and one for all segments; whoever an earlier one has found is left out of the later ones.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from dispatch.audience.filter import Group, read_filter
from dispatch.audience.filter_account import still_fit
from dispatch.audience.filter_sql import Params, where_matches
from dispatch.formats.checks import MAX_ID
from models.campaigns.audience_parts import PartToSelect
from models.customers.customer import Customer

# In a join, each side says which ids are asked for: when only one did, the planner read the other as a whole.
_ON_LIST = """SELECT cu.* FROM list_member m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.list_id = %({list})s AND m.account_id = %(account)s
          AND m.customer_id > %(after)s AND m.customer_id <= %(until)s AND cu.id > %(after)s AND cu.id <= %(until)s"""
_OF_ACCOUNT = """SELECT cu.* FROM customer cu
        WHERE cu.account_id = %(account)s AND cu.id > %(after)s AND cu.id <= %(until)s"""
_ON_NONE = """ AND NOT EXISTS (SELECT FROM list_member o WHERE o.list_id = %({list})s AND o.customer_id = cu.id
                                 AND o.customer_id > %(after)s AND o.customer_id <= %(until)s)"""
_NO_ONE = "SELECT cu.* FROM customer cu WHERE false"
# How many of the account's customers are looked at first for a page.
_WINDOW = 10_000


def windows(account_id: UUID, *, after: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of customers' ids, each from after the first to the second, until all ids after `after` are in one.

    A page is read from one after the other until it is full. In a single statement, the planner sorted the rest of the
    audience for every page, or looked through it in vain for members of the rarest part: 200 s for a million people.
    The ranges grow, so that an audience of a few people among many customers takes a few statements.
    """
    size = max(_WINDOW, limit)
    while after < MAX_ID:
        until = Customer.id_further(account_id, after=after, by=size) or MAX_ID
        yield after, until
        after, size = until, 2 * size


def members_of_parts(
    parts: Sequence[PartToSelect], account_id: UUID, *, consent: str = "subscribed", minus: bool = True
) -> tuple[str, Params]:
    """Returns the audience as SQL, to which AND can add conditions, and its parameters.

    The statement also has the parameters `account`, `campaign`, `after` and `until`, the range of the customers' ids.
    Included lists count unsubscribed members, whose messages are skipped; segments and everyone only people with this
    `consent`, and when it is `unsubscribed` those on the lists are left out. Without `minus`, nothing is excluded.
    """
    branches, params = _branches(_by_role(parts, "include"), account_id, consent)
    if minus:
        left_out, values = _left_out(_by_role(parts, "exclude"), account_id)
        branches, params = [f"{branch}{left_out}" for branch in branches], params | values
    return f"({' UNION ALL '.join(branches or [_NO_ONE])}) cu WHERE true", params


def _branches(included: Sequence[PartToSelect], account_id: UUID, consent: str) -> tuple[list[str], Params]:
    """Returns a query for each list and one for all segments; none selects whom an earlier one has found."""
    branches: list[str] = []
    params: Params = {}
    on_none = ""
    for part in included:
        if part.list_id is not None:
            if consent == "subscribed":
                branches.append(_ON_LIST.format(list=list_parameter(part)) + on_none)
            on_none += _ON_NONE.format(list=list_parameter(part))
            params[list_parameter(part)] = part.list_id
    if any(part.kind != "list" for part in included):
        matches, values = _matches(included, account_id, "include")
        branches.append(f"{_OF_ACCOUNT} AND cu.consent = %(consent)s AND {matches}{on_none}")
        params |= values | {"consent": consent}
    return branches, params


def _left_out(excluded: Sequence[PartToSelect], account_id: UUID) -> tuple[str, Params]:
    """Returns the conditions that a customer is on none of the lists and in none of the segments."""
    lists = {list_parameter(part): part.list_id for part in excluded if part.list_id is not None}
    sql = "".join(_ON_NONE.format(list=name) for name in lists)
    if not any(part.kind == "segment" for part in excluded):
        return sql, lists
    matches, values = _matches(excluded, account_id, "exclude")
    return f"{sql} AND NOT {matches}", lists | values


def _by_role(parts: Sequence[PartToSelect], role: str) -> list[PartToSelect]:
    return [part for part in parts if part.role == role]


def list_parameter(part: PartToSelect) -> str:
    """Returns the parameter that is the part's list."""
    return f"list_{part.place}"


def _matches(parts: Sequence[PartToSelect], account_id: UUID, prefix: str) -> tuple[str, dict[str, Any]]:
    """Returns the condition that a customer is in one of the segments, or in the account when everyone is a part."""
    if any(part.kind == "everyone" for part in parts):
        return "true", {}
    filters: list[Any] = [filter_of(part, account_id) for part in parts if part.kind == "segment"]
    # Not checked again: together they may be larger than one filter may be.
    return where_matches(Group.model_construct(logic="or", conditions=filters), prefix=prefix)


def filter_of(part: PartToSelect, account_id: UUID) -> Group:
    """Returns the filter of a part that is a segment."""
    if part.segment_filter is None:
        raise LookupError("the segment of an audience that has no filter of its own is missing")
    return still_fit(read_filter(part.segment_filter), account_id)
