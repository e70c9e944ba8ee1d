"""What is wrong with a path, a query or a body, in words of JSON."""

from pydantic import ValidationError
from werkzeug.wrappers import Response

from dispatch.errors import InvalidRequest

# By the type of a problem that pydantic would describe in Python's words, or without saying what to send.
_IN_WORDS_OF_JSON = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "dict_type": "must be a JSON object",
    "list_type": "must be a JSON array",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "timezone_aware": "must have a time zone, like 2030-01-31T09:00:00+02:00",
    "uuid_parsing": "must be an id as the API returns it, like 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11",
}

MAX_PROBLEMS = 10


class InvalidId(InvalidRequest):
    """The id in the address is not a number."""

    code = "INVALID_ID"


def refuse_input(problem: ValidationError) -> Response:
    """Raises what is wrong with a path, query or body; names the field and never repeats the input."""
    found = problem.errors(include_url=False, include_input=False, include_context=False)
    if not found[0]["loc"]:
        raise InvalidRequest("The request needs a JSON object as its body.")
    problems = [
        {
            "field": ".".join(str(part) for part in error["loc"]),
            "problem": _sentence(_IN_WORDS_OF_JSON.get(error["type"], error["msg"])),
        }
        for error in found[:MAX_PROBLEMS]
    ]
    refusal = InvalidId if found[0]["type"] == "invalid_id" else InvalidRequest
    message = " ".join(f"{one['field']}: {one['problem']}" for one in problems)
    raise refusal(message, field=problems[0]["field"], problems=problems)


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
