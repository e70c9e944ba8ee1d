"""What an import is while it goes on, and the words for what it is and where it is."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from models.row import JsonObject

ImportStatus = Literal[
    "queued",  # A job will take it.
    "running",  # Its lines are being written, chunk by chunk.
    "done",  # Every line is written or among the rejected ones.
    "failed",  # It stopped; `error` says why, and what was written before stays.
    "cancelled",  # A person stopped it; what was written before stays.
]
ImportKind = Literal["customers", "suppressions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenImport:
    """An import that has not ended: the token that continues it, and how often its worker was lost at this line."""

    id: int
    account_id: UUID
    token: UUID
    takeovers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningImport:
    """An import as its job needs it: where it continues, and where what it reads goes."""

    id: int
    account_id: UUID
    kind: ImportKind
    dry_run: bool
    by_command: bool
    #: None if there is none to fill.
    list_id: int | None
    country: str | None
    next_line: int
    #: Where in the file that line is, and what is known of the record before; None: not known.
    resume: JsonObject | None
    token: UUID
    request_id: str | None
    traceparent: str | None
    encoding: str
    header: list[str]
    columns: list[str]
