"""What is chosen from: lists, segments and customers, those that are chosen and those called alike, and time zones."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from api.http.auth import caller
from dispatch.audience.segments import list_segments, read_segment
from dispatch.customers.customers import CustomerView, customers_with, list_customers
from dispatch.customers.lists import list_names, list_sizes, read_list_name
from dispatch.errors import NotFound

# More than that no one finds in a list of boxes; a search finds the others.
MOST = 50
# So many customers are shown that were searched for.
MOST_FOUND = 20


class Choice(NamedTuple):
    """A box; `customers` is how many people are on a list, if they are counted, and `is_gone` one that was deleted."""

    id: int
    name: str
    customers: int | None = None
    is_gone: bool = False


class Choices(NamedTuple):
    """The boxes, those that are chosen first, and how many more there are."""

    rows: list[Choice]
    more: int


def lists_to_choose(chosen: Sequence[int], q: str, *, counted: bool) -> Choices:
    """Returns the chosen lists, and the newest ones with these words in their names, with their sizes if `counted`."""
    found = list_names(caller(), page_size=MOST, q=q)
    choices = _with_chosen([Choice(each.id, each.name) for each in found.rows], found.total, chosen, named_list)
    if not counted:
        return choices
    sizes = list_sizes(caller(), [each.id for each in choices.rows if not each.is_gone])
    return choices._replace(rows=[each._replace(customers=sizes.get(each.id)) for each in choices.rows])


def segments_to_choose(chosen: Sequence[int], q: str) -> Choices:
    """Returns the chosen segments, and the newest ones with these words in their names."""
    found = list_segments(caller(), page_size=MOST, q=q)
    return _with_chosen([Choice(each.id, each.name) for each in found.rows], found.total, chosen, named_segment)


def customers_to_choose(chosen: Sequence[int], q: str) -> Choices:
    """Returns the chosen customers, and those with these parts in their names or phones; only the chosen without q."""
    known = {each.id: each for each in customers_with(caller(), chosen)}
    rows = [_customer(known[each]) if each in known else _gone("customer", each) for each in dict.fromkeys(chosen)]
    if not q:
        return Choices(rows, 0)
    found = list_customers(caller(), page_size=MOST_FOUND, q=q)
    return Choices(
        rows + [_customer(each) for each in found.rows if each.id not in chosen], found.total - len(found.rows)
    )


def _customer(found: CustomerView) -> Choice:
    return Choice(found.id, f"{found.first_name} {found.last_name} {found.phone}".strip())


def _gone(kind: str, its_id: int) -> Choice:
    return Choice(its_id, f"{kind} {its_id}", is_gone=True)


@cache
def zones_to_choose() -> list[str]:
    """Returns the zones that are named after places; any other can be typed. They are looked for once, in files."""
    return sorted(
        each for each in available_timezones() if "/" in each and not each.startswith(("Etc/", "posix", "right"))
    )


def _with_chosen(rows: list[Choice], total: int, chosen: Sequence[int], read: Callable[[int], Choice]) -> Choices:
    """Returns the rows after those that are chosen and not among them, without which a form would forget these."""
    found = {each.id for each in rows}
    return Choices([read(each) for each in dict.fromkeys(chosen) if each not in found] + rows, total - len(rows))


def named_list(list_id: int) -> Choice:
    """Returns the list, by whose id it is called when it was deleted."""
    try:
        found = read_list_name(caller(), list_id)
    except NotFound:
        return _gone("list", list_id)
    return Choice(found.id, found.name)


def named_segment(segment_id: int) -> Choice:
    """Returns the segment, by whose id it is called when it was deleted."""
    try:
        return Choice(segment_id, read_segment(caller(), segment_id).name)
    except NotFound:
        return _gone("segment", segment_id)
