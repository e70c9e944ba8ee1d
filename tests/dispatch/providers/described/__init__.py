"""Each dialect beside what its provider publishes: fields of requests, answers and callbacks, and the values of states.

The tables say what stands there, and nothing more; where a name is missing on our side, it says why.
"""


def words(text: str) -> set[str]:
    """Returns the words of a table."""
    return set(text.split())
