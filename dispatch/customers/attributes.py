"""Which attributes an account's customers have, for those who write texts and segments; never anyone's values."""

from pydantic import Field

from dispatch.caller import Caller
from dispatch.formats.view import View
from models.customers.attributes import AttributesInUse, AttributeUse, attributes_in_use, noted_names
from models.page import Page


class AttributeView(View):
    """An attribute, and how many customers have it; `types` counts them by the type of their values."""

    name: str
    type: str = Field(description="text, number, date, yes/no, list or object; mixed, if there are several")
    customers: int = Field(description="who have a value that is not blank")
    types: dict[str, int]
    estimated: bool = Field(description="whether the numbers are projected from 100,000 customers of more")


def list_attributes(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[AttributeView]:
    """Returns one page of the attributes of the account's customers, in the order of their names.

    Dates are those in ISO 8601, and numbers also texts that are written as one, as segments read both. At most 100,000
    customers are read: of a larger account the numbers are estimates, and an attribute of very few may count 0.
    """
    found = attributes_in_use(caller.one_account())
    estimated = found.read < found.customers
    shown = [each for each in found.attributes if each.customers or estimated]
    first = (page - 1) * page_size
    return Page([_view(each, found, estimated) for each in shown[first : first + page_size]], len(shown))


def attributes_to_choose(caller: Caller, *, most: int) -> list[str]:
    """Returns the names of the first attributes that the account's customers have, or had once, without a count."""
    return noted_names(caller.one_account())[:most]


def _view(attribute: AttributeUse, found: AttributesInUse, estimated: bool) -> AttributeView:
    def projected(read: int) -> int:
        return round(read * found.customers / found.read) if estimated else read

    return AttributeView(
        name=attribute.name,
        type=next(iter(attribute.types), "text") if len(attribute.types) < 2 else "mixed",
        customers=projected(attribute.customers),
        types={kind: projected(people) for kind, people in sorted(attribute.types.items())},
        estimated=estimated,
    )
