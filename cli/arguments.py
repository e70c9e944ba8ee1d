"""What is typed as text and meant as a time or as ids; what cannot be read is refused as the API refuses it."""

from datetime import datetime

from dispatch.errors import InvalidRequest


def time_of(text: str, *, option: str) -> datetime:
    """The time written in ISO 8601."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidRequest(
            f"{option}: {text[:60]!r} is not a time; write it like 2030-01-31T09:00:00+02:00 or 2030-01-31T07:00:00Z."
        ) from None


def ids_of(text: str, *, option: str) -> list[int]:
    """The ids between commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = next((part for part in parts if not (part.isascii() and part.isdigit() and len(part) < 20)), None)
    if wrong is not None:
        raise InvalidRequest(f"{option}: {wrong[:60]!r} is not an id; write ids with commas, like 1,2,3.")
    return [int(part) for part in parts]
