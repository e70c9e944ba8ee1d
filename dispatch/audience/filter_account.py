"""Makes a filter fit an account: values as stored, attributes by their names, lists and campaigns that are there.

An attribute that no customer has is no reason to refuse a filter, because people save segments before they import; who
asked is warned, and the name is looked for again each time the filter is used.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from dispatch.audience.filter import COLUMNS, Condition, Group
from dispatch.audience.filter_values import with_stored_values
from dispatch.errors import InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.view import View
from dispatch.texts.placeholders import nearest_to
from models.customers.attributes import attribute_names, attributes_among, noted_names
from models.customers.lists import CustomerList
from models.segment import SegmentReference


class FilterWarningView(View):
    """What may be wrong with a filter that can be used."""

    field: str
    message: str
    nearest: str | None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A filter as it is stored for an account, and what may be wrong with it."""

    filter: Group
    warnings: list[FilterWarningView]


def fit(group: Group, account_id: UUID) -> Fitted:
    """Returns the filter with values as they are stored, attributes as customers have them, and lists by their ids.

    NotFound names a list or campaign that the account does not have, InvalidRequest an attribute of which there are two
    that differ in case only.
    """
    group = with_stored_values(group, account_id)
    missing, names = _missing(group, account_id)
    meant = {key: _called(key, names) for key in missing}
    group = _changed(group, lambda part: _with_key(part, meant.get(part.key)))
    group = _changed(group, lambda part: _with_lists(part, account_id))
    _check_campaigns(group, account_id)
    return Fitted(group, [_warning(key, names) for key in missing if not meant[key]])


def unknown_attributes(group: Group, account_id: UUID) -> list[FilterWarningView]:
    """Returns a warning for each attribute of a stored filter that no customer has, by this or a similar name."""
    missing, names = _missing(group, account_id)
    return [_warning(key, names) for key in missing if not _same(key, names)]


def never_seen(group: Group, names: list[str]) -> list[FilterWarningView]:
    """Returns a warning for each attribute of a filter that is none of these names, or like one."""
    return [_warning(key, names) for key in _keys(group) if not _same(key, names)]


def _missing(group: Group, account_id: UUID) -> tuple[list[str], list[str]]:
    """Returns the attributes of the filter that no customer has, and then all that there are."""
    keys = _keys(group)
    there = attributes_among(account_id, keys) if keys else set()
    missing = [key for key in keys if key not in there]
    return missing, attribute_names(account_id) if missing else []


def still_fit(group: Group, account_id: UUID) -> Group:
    """Returns a stored filter as it is used now; InvalidStatus when a list or campaign that it names is gone.

    An attribute that was not there when the filter was stored may have come in another case.
    """
    group = with_stored_values(group, account_id, stored=True)
    for part in _conditions(group):
        ids = _ids(part)
        table: Literal["customer_list", "campaign"] = "customer_list" if part.kind == "list" else "campaign"
        if ids and (gone := sorted(set(ids) - SegmentReference.known(table, account_id, ids))):
            raise InvalidStatus(f"The segment names the {part.kind} {gone[0]}, which has been deleted; change it.")
    if not (keys := _keys(group)):
        return group
    names = noted_names(account_id)
    meant = {key: found[0] for key in keys if key not in names and len(found := _same(key, names)) == 1}
    return _changed(group, lambda part: _with_key(part, meant.get(part.key)))


def _conditions(part: Group | Condition) -> Iterator[Condition]:
    if isinstance(part, Condition):
        yield part
    else:
        for inner in part.conditions:
            yield from _conditions(inner)


def _changed(group: Group, change: Callable[[Condition], Condition]) -> Group:
    parts = [_changed(part, change) if isinstance(part, Group) else change(part) for part in group.conditions]
    return group.model_copy(update={"conditions": parts})


def _keys(group: Group) -> list[str]:
    """Returns the attributes that the filter names, each once."""
    return list(dict.fromkeys(part.key for part in _conditions(group) if part.kind == "attribute"))


def _same(key: str, names: list[str]) -> list[str]:
    """Returns the names that are this one but for case and signs; an import makes `shoe_size` of `Shoe Size`."""
    word = _word(key)
    return [name for name in names if _word(name) == word]


def _word(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold() or name


def _called(key: str, names: list[str]) -> str | None:
    found = _same(key, names)
    if len(found) > 1:
        raise InvalidRequest(
            f"attributes.{key} may be {' or '.join(found)}; write it as customers have it.", field=f"attributes.{key}"
        )
    return found[0] if found else None


def _with_key(part: Condition, name: str | None) -> Condition:
    return part.model_copy(update={"field": f"attributes.{name}"}) if name and part.kind == "attribute" else part


def _warning(key: str, names: list[str]) -> FilterWarningView:
    found = nearest_to(key, [*names, *COLUMNS])
    nearest = found if found is None or found in COLUMNS else f"attributes.{found}"
    hint = f" Did you mean {nearest}?" if nearest else ""
    return FilterWarningView(
        field=f"attributes.{key}", message=f"No customer has the attribute {key} yet.{hint}", nearest=nearest
    )


def _ids(part: Condition) -> list[int]:
    """Returns the lists or campaigns that a condition names by their ids."""
    if part.kind == "list" or (part.kind == "campaign" and part.operator in ("eq", "neq", "in", "not_in")):
        values = part.value if isinstance(part.value, list) else [part.value]
        return [each for each in values if isinstance(each, int)]
    return []


def _with_lists(part: Condition, account_id: UUID) -> Condition:
    if part.kind != "list" or not isinstance(part.value, list):
        return part
    there = SegmentReference.known("customer_list", account_id, _ids(part))
    ids = []
    for each in part.value:
        if isinstance(each, str):
            named = CustomerList.of_name(account_id, each)
            if named is None:
                raise NotFound(f"There is no list called {each.strip()[:200]!r}.")
            ids.append(named.id)
        elif each in there:
            ids.append(int(each))
        else:
            raise NotFound(f"There is no list {each}.")
    return part.model_copy(update={"value": list(dict.fromkeys(ids))})


def _check_campaigns(group: Group, account_id: UUID) -> None:
    ids = [each for part in _conditions(group) if part.kind == "campaign" for each in _ids(part)]
    if missing := sorted(set(ids) - SegmentReference.known("campaign", account_id, ids)):
        raise NotFound(f"There is no campaign {missing[0]}.", missing=missing[:10])
