"""What the tests of segments share: people, filters written shortly, and whom a filter selects."""

from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.previews import preview_filter
from dispatch.audience.segments import SegmentView, create_segment
from dispatch.customers.customers import create_customer
from tests.factories import asking


def a_person(account: AccountView, number: int, **given: object) -> int:
    """Adds a customer with a phone that ends in the number, and returns the id."""
    return create_customer(asking(account.id), phone=f"+3069100000{number:02d}", **given).id


def asked(*conditions: Any, logic: str = "and") -> Group:
    """Returns the filter of conditions, each as field, operator, value and fold, or as JSON."""
    names = ("field", "operator", "value", "fold")
    parts = [each if isinstance(each, dict) else dict(zip(names, each, strict=False)) for each in conditions]
    return read_filter({"logic": logic, "conditions": parts})


def who(account: AccountView, *conditions: Any) -> list[int]:
    """Returns the ids of the customers whom the conditions select, in order."""
    found = preview_filter(asking(account.id), asked(*conditions)).sample
    return sorted(person.id for person in found if person.id is not None)


def a_segment_of(account: AccountView, *conditions: Any, name: str = "them") -> SegmentView:
    """Stores a segment of these conditions."""
    return create_segment(asking(account.id), name=name, filter=asked(*conditions))
