"""Models whose JSON schema is built once."""

from functools import cache
from typing import Any

from pydantic import BaseModel


class DescribedOnce(BaseModel):
    """A model whose JSON schema is built once: while web starts, that of an error is asked for 900 times."""

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Returns the schema, as pydantic does; nobody may change it."""
        return _schema_of(cls, arguments, frozenset(options.items()))


@cache
def _schema_of(kind: type[DescribedOnce], arguments: tuple[Any, ...], options: frozenset[Any]) -> dict[str, Any]:
    schema: dict[str, Any] = super(DescribedOnce, kind).model_json_schema(*arguments, **dict(options))
    return schema
