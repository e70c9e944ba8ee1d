"""What a person is told about a wrong environment variable."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic.fields import FieldInfo


def explain(problem: ValidationError, fields: Mapping[str, FieldInfo]) -> str:
    """Returns the first thing that is wrong: the variable, what is wrong with it and an example, but no value."""
    first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return message
    name = str(first["loc"][0])
    field = fields[name.lower()]
    example = field.examples[0] if field.examples else field.default
    return f"{name.upper()}: {message[0].lower()}{message[1:]}; for example {name.upper()}={_shown(example)}"


def _shown(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
