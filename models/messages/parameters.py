"""The parameters of a WhatsApp template in the body of a message: the body is the text that people read, in which each
parameter stands between two marks."""

# The unit separator, which neither texts nor values contain (`dispatch/texts/filters.py`).
MARK = "\x1f"
# The text without marks, in SQL.
TEXT = "translate(body, E'\\x1f', '')"


def unmarked(body: str) -> str:
    """Returns the text as people read it."""
    return body.replace(MARK, "") if MARK in body else body


def parameters_in(body: str) -> tuple[str, ...]:
    """Returns the parameters in their order."""
    return tuple(body.split(MARK)[1::2])
