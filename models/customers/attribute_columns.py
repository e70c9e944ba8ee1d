"""The attributes of an account's customers as columns of a file."""

from dataclasses import dataclass
from uuid import UUID

from models.customers.customer import MAX_ATTRIBUTE
from models.database import rows

# What a reader of files would change: space around a text, as Python understands it, more than a few lines, and what
# may be a date, unless it is in ISO 8601.
_SPACE = r"[\s\x1c-\x1f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_ISO_DATE = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(,?[T ] *[\d:]+)?"
_NOT_KEPT_BY_A_CELL = rf"^{_SPACE}|{_SPACE}$|([\r\n][^\r\n]*){{20}}|^(?!{_ISO_DATE}$){_DATE}$"


@dataclass(frozen=True, slots=True)
class AttributeColumn:
    """An attribute as a column of a file, and whether its cells can be the texts themselves."""

    name: str
    is_text: bool


def attribute_columns(account_id: UUID) -> list[AttributeColumn]:
    """Returns all attributes that any customer of the account has, by name, and whether each is only plain text."""
    return rows(
        f"""SELECT key AS name, bool_and(
                jsonb_typeof(value) = 'string' AND length(value #>> '{{}}') BETWEEN 1 AND {MAX_ATTRIBUTE}
                AND value #>> '{{}}' !~ %(odd)s) AS is_text
            FROM customer, jsonb_each(attributes)
            WHERE account_id = %(account)s AND attributes <> '{{}}' GROUP BY key ORDER BY key""",
        {"account": account_id, "odd": _NOT_KEPT_BY_A_CELL},
        into=AttributeColumn,
    )
