"""What is wrong with a path, a query or a body, in words of JSON."""

from pydantic import ValidationError
from werkzeug.wrappers import Response

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import in_words

MAX_PROBLEMS = 10


class InvalidId(InvalidRequest):
    """The id in the address is not a number."""

    code = "INVALID_ID"


def refuse_input(problem: ValidationError) -> Response:
    """Raises what is wrong with a path, query or body; names the field and never repeats the input."""
    found = problem.errors(include_url=False, include_input=False)
    if not found[0]["loc"]:
        raise InvalidRequest("The request needs a JSON object as its body.")
    problems = [
        {
            "field": ".".join(str(part) for part in error["loc"]),
            "problem": _sentence(in_words(error)),
        }
        for error in found[:MAX_PROBLEMS]
    ]
    refusal = InvalidId if found[0]["type"] == "invalid_id" else InvalidRequest
    message = " ".join(f"{one['field']}: {one['problem']}" for one in problems)
    raise refusal(message, field=problems[0]["field"], problems=problems)


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."
