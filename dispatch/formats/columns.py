"""What the columns of a file of customers are called, and which of them are attributes.

A column that is none of a customer's own is an attribute, in lower case and with underscores. A name that this would
change is written as `attribute:Shoe Size`, and a column whose cells are JSON, because texts would lose their type, as
`json:age`; both have exactly that name. A name of odd characters stands in quotation marks there, as JSON.
"""

import json
import re
from collections.abc import Iterable

from dispatch.formats import strict_json
from dispatch.formats.consents import meaning_of
from dispatch.formats.dates import as_date

#: Columns of lines that were rejected before; they are not read again.
REJECTED_LINE, REJECTED_REASON, REJECTED_TEXT = "rejected_line", "rejected_reason", "rejected_text"
IGNORED = (REJECTED_LINE, REJECTED_REASON, REJECTED_TEXT)
OWN = ("phone", "first_name", "last_name", "location", "prefered_product", "zone", "consent")
#: Characters of an attribute's name, by whichever way it comes.
MAX_NAME = 100

# English, German, Greek, French, Spanish, Italian, Portuguese, Dutch; Excel and LibreOffice differ in Greek.
_YES = frozenset(["TRUE", "WAHR", "ΑΛΗΘΕΣ", "ΑΛΗΘΉΣ", "ΑΛΗΘΗΣ", "VRAI", "VERDADERO", "VERO", "VERDADEIRO", "WAAR"])
_NO = frozenset(["FALSE", "FALSCH", "ΨΕΥΔΕΣ", "ΨΕΥΔΉΣ", "ΨΕΥΔΗΣ", "FAUX", "FALSO", "ONWAAR"])
_DECIMAL_COMMA = re.compile(r"-?\d{1,15},\d{1,15}", re.ASCII)
_EXACT = re.compile(r"(attribute|json):(.*)", re.DOTALL)


def column_name(header: str) -> str:
    """Returns the name of a column from its cell in the first line; '' for one without a name."""
    header = header.strip()
    if _EXACT.match(header):
        return header
    name = re.sub(r"[\s-]+", "_", header.lower())
    return "prefered_product" if name == "preferred_product" else name


def header_of(attribute: str, *, is_text: bool) -> str:
    """Returns what the attribute's column is called in a file of ours."""
    if is_text and _is_plain(attribute):
        return attribute
    odd = attribute != attribute.strip() or attribute.startswith('"') or not attribute.isprintable()
    return f"{'attribute' if is_text else 'json'}:{json.dumps(attribute) if odd else attribute}"


def is_attribute(column: str) -> bool:
    """Returns whether the column has the values of an attribute."""
    return column not in ("", *OWN, *IGNORED)


def may_be_consent(column: str) -> bool:
    """Returns whether the column may say who is to be messaged; one that is written as an attribute does not."""
    return column == "consent" or (is_attribute(column) and not _EXACT.match(column))


def attribute_of(column: str) -> str:
    """Returns the exact name of the attribute in this column, which is none of a customer's own."""
    exact = _EXACT.match(column)
    if exact is None:
        return column
    name = exact[2]
    if name.startswith('"'):
        try:
            return str(strict_json.loads(name))
        except ValueError:
            return name
    return name


def mapping_of(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns which column each name in the first line was taken for, an attribute by its exact name."""
    return {
        cell: column if column in OWN else attribute_of(column)
        for cell, column in named
        if column and column not in IGNORED
    }


def value_of(column: str, cell: str, country: str | None = None) -> object:
    """Returns the value of an attribute's cell: of a JSON column what the JSON says, or its text if it is none.

    A date in any other column is returned in ISO 8601; AmbiguousDate if the country does not say which it is.
    """
    if not column.startswith("json:"):
        return as_date(cell, country) or cell
    try:
        return strict_json.loads(cell)
    except json.JSONDecodeError:
        return _as_a_spreadsheet_saves(cell)


def _as_a_spreadsheet_saves(cell: str) -> object:
    """Returns the yes, no or number that a spreadsheet wrote in its own language over the JSON; else the cell.

    A text of these letters or digits would stand in quotation marks.
    """
    if (word := cell.upper()) in _YES or word in _NO:
        return word in _YES
    return float(cell.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(cell) else cell


def _is_plain(name: str) -> bool:
    stays = name == column_name(name) and not _EXACT.match(name)
    # Of a name that is read as consent a file is to say that it is an attribute.
    stays = stays and meaning_of(name) is None
    return stays and is_attribute(name) and len(name) <= MAX_NAME and name.isprintable()
