"""Makes a filter compare phones with numbers as they are stored: an account's country says how its values are read."""

from collections.abc import Callable
from uuid import UUID

from dispatch.accounts.accounts import account_with_id
from dispatch.audience.filter import Condition, Group
from dispatch.errors import InvalidRequest
from dispatch.formats.phone_text import InvalidPhone, plain_digits
from dispatch.formats.phones import is_stored_form, normalise
from models.customers.phone_types import PHONE_TYPES

Read = Callable[[str], str]


def with_numbers(group: Group, account_id: UUID, *, stored: bool = False) -> Group:
    """Returns the filter with its phones in E.164; InvalidRequest names the first that is no number, or no kind of one.

    The value of `contains` is part of a number and loses only what is not stored: spaces, dashes and brackets. In a
    `stored` filter, what is in E.164 is not read again: the number may have gone out of use since.
    """
    if not _compares_phones(group):
        return group
    country = account_with_id(account_id).country

    def number(value: str) -> str:
        return value if stored and is_stored_form(value) else normalise(value, country)

    return _read(group, number, "filter")


def _compares_phones(part: Group | Condition) -> bool:
    if isinstance(part, Group):
        return any(map(_compares_phones, part.conditions))
    return part.field in ("phone", "phone_type") and part.value is not None


def _read(group: Group, number: Read, where: str) -> Group:
    conditions: list[Condition | Group] = []
    for place, part in enumerate(group.conditions):
        here = f"{where}.conditions.{place}"
        if isinstance(part, Group):
            conditions.append(_read(part, number, here))
        elif _compares_phones(part):
            whole, partial = (number, plain_digits) if part.field == "phone" else (_kind, str)
            read = partial if part.operator == "contains" else whole
            conditions.append(part.model_copy(update={"value": _values(part.value, read, f"{here}.value")}))
        else:
            conditions.append(part)
    return group.model_copy(update={"conditions": conditions})


def _kind(value: str) -> str:
    if value not in PHONE_TYPES:
        raise InvalidPhone(f"is one of {', '.join(PHONE_TYPES)}")
    return value


def _values(value: object, read: Read, where: str) -> object:
    if isinstance(value, list):
        return [_values(each, read, f"{where}.{place}") for place, each in enumerate(value)]
    try:
        return read(str(value))
    except InvalidPhone as problem:
        raise InvalidRequest(f"{where}: {problem.reason}.", field=where, reason=problem.reason) from None
