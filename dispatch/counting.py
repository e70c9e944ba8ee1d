"""Counted words, as every message to people has them."""


def counted(value: int, one: str, many: str | None = None) -> str:
    """Returns a number with what it counts: "1 person", "1,240 people"."""
    return f"{value:,} {one if value == 1 else many or f'{one}s'}"
