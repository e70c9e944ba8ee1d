"""The parameters of a WhatsApp template in the body of a message.

The body is the text that people read, in which each parameter stands between two marks. After it comes, for each value
of the template's header and buttons, an end and the value.
"""

# The unit separator and the record separator, which neither texts nor values contain (`dispatch/texts/filters.py`).
MARK, END = "\x1f", "\x1e"
# The text without marks and further values, in SQL.
TEXT = "translate(split_part(body, E'\\x1e', 1), E'\\x1f', '')"


def unmarked(body: str) -> str:
    """Returns the text as people read it."""
    if END not in body and MARK not in body:
        return body
    return body.partition(END)[0].replace(MARK, "")


def parameters_in(body: str) -> tuple[str, ...]:
    """Returns the parameters of the text in their order."""
    return tuple(body.partition(END)[0].split(MARK)[1::2])


def further_in(body: str) -> tuple[str, ...]:
    """Returns the values of the header and the buttons, in the order in which the campaign has them."""
    return tuple(body.split(END)[1:])
