"""Imports that have not ended: a campaign does not start while one changes who is in its audience or opted out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from dispatch.accounts.quotas import check_quota
from dispatch.caller import Caller
from dispatch.counting import counted
from dispatch.errors import DispatchError, ImportRunning
from models.campaigns import blocking
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import Campaign
from models.customers import import_commands, open_imports
from models.customers.import_states import RunningImport
from models.customers.imports import CustomerImport
from models.customers.lists import CustomerList
from models.database import db
from models.failures import DATABASE_ERRORS

INTERRUPTED = "The command was interrupted; what it had imported stays. Run it again to import the rest."
# Audiences, and parts of one, that an import into any list of the account changes.
_OF_WHOLE_ACCOUNT = ("everyone", "segment")

log = structlog.get_logger()


def check_no_import(campaign: Campaign) -> None:
    """Raises ImportRunning, with its progress, while an import changes who the campaign reaches.

    Also while numbers are being suppressed, or people added to a list that the audience leaves out: those who are not
    known yet would get the text.
    """
    running = open_imports.into_audience(campaign.account_id, _lists_of(campaign))
    if running:
        raise _refusal(running)


def _lists_of(campaign: Campaign) -> list[int] | None:
    """Returns the lists that decide who is in the audience; None when an import into any list of the account does."""
    if campaign.audience_kind in _OF_WHOLE_ACCOUNT:
        return None
    if campaign.audience_kind != "combined":
        return [campaign.list_id] if campaign.list_id is not None else []
    parts = AudiencePart.of([campaign.id]).get(campaign.id, [])
    if any(part.kind in _OF_WHOLE_ACCOUNT for part in parts):
        return None
    return [part.list_id for part in parts if part.list_id is not None]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file at hand: what people call it, its size in bytes, and the country of its numbers."""

    name: str
    size: int
    country: str | None


@contextmanager
def seen_by_all(caller: Caller, file: LocalFile, *, list_name: str | None) -> Iterator[RunningImport]:
    """Shows the import as running while it is at work, so that no campaign starts on a part of it.

    Without the name of a list it is one of suppressed numbers.
    """
    account_id = caller.one_account()
    with db.atomic():
        if list_name is not None:
            check_quota(account_id, "open_imports", more=1)
        begun = import_commands.begin(
            account_id,
            kind="suppressions" if list_name is None else "customers",
            list_id=None if list_name is None else CustomerList.named(account_id, list_name).id,
            list_name=list_name or "",
            file_name=file.name,
            country=file.country,
            size=file.size,
            actor=caller.actor,
        )
    try:
        yield begun
    except BaseException as problem:
        why = problem.message if isinstance(problem, DispatchError) else INTERRUPTED
        # Recovery ends it if the database is away by now.
        with suppress(*DATABASE_ERRORS):
            end_import(begun.id, begun.token, error=why)
        raise
    else:
        end_import(begun.id, begun.token)
    finally:
        with suppress(*DATABASE_ERRORS):
            import_commands.release(begun.id)


def end_import(import_id: int, token: UUID, *, error: str | None = None) -> bool:
    """Ends the import and lets the campaigns that wait for it be looked at; False if the token is no longer its own."""
    with db.atomic():
        ended = CustomerImport.end(import_id, token, error=error)
        if ended is None:
            return False
        blocking.unblock(ended.account_id, ImportRunning.code)
    _log(ended)
    return True


def end_interrupted_imports() -> Counter[str]:
    """Ends the imports whose command has died, and returns how many those were."""
    with db.atomic():
        ended = import_commands.end_dead(INTERRUPTED)
        for each in ended:
            blocking.unblock(each.account_id, ImportRunning.code)
    for each in ended:
        _log(each)
    return Counter(imports_failed=len(ended))


def _refusal(running: CustomerImport) -> ImportRunning:
    share = f"{100 * running.bytes // running.size} % of its file" if running.size else "an unknown part of its file"
    progress: dict[str, Any] = {
        field: getattr(running, field) for field in ("status", "lines", "imported", "updated", "repeated", "rejected")
    }
    does = (
        "suppressing numbers" if running.kind == "suppressions" else f"adding customers to the list {running.list_name}"
    )
    anyway = "before those are known" if running.kind == "suppressions" else "with those who are there"
    return ImportRunning(
        f"Import {running.id} is still {does}: {share} is read, {counted(running.lines, 'line')} so far. Wait until it "
        f"ends, or start anyway {anyway}.",
        import_id=running.id,
        bytes=running.bytes,
        size=running.size,
        **progress,
    )


def _log(ended: CustomerImport) -> None:
    counts = {name: getattr(ended, name) for name in ("imported", "updated", "repeated", "rejected")}
    if ended.error:
        log.error("import.failed", import_id=ended.id, reason=ended.error, **counts)
    else:
        log.info("import.finished", import_id=ended.id, **counts)
