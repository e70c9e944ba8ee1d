"""The numbers that an account must not message, whatever the reason; the claim of every message looks here.

Files of them are `suppression_files.py`.
"""

from uuid import UUID

from dispatch.accounts.accounts import account_with_id, country_of
from dispatch.caller import Caller
from dispatch.errors import NotFound
from dispatch.formats.checks import checked_name
from dispatch.formats.phones import normalise
from dispatch.formats.searches import search_of
from dispatch.formats.view import Time, View
from models.customers.suppression import OPTED_OUT, Suppression
from models.database import db
from models.page import Page


class SuppressionView(View):
    """A suppressed number."""

    id: int
    account_id: UUID
    phone: str
    reason: str
    source: str
    created_at: Time


def add_suppression(
    caller: Caller, *, phone: str, reason: str = OPTED_OUT, source: str = ""
) -> tuple[SuppressionView, bool]:
    """Keeps the account from messaging this number, from the next claim on; returns whether it was not so before.

    A number that is suppressed already keeps the stronger of the two reasons.
    """
    account_id = caller.one_account()
    number = normalise(phone, account_with_id(account_id).country)
    reason = checked_name(reason, field="reason")
    with db.atomic():
        made = Suppression.add(account_id, number, reason=reason, source=source)
        found, is_new = made or (Suppression.of_phone(account_id, number), False)
        note_suppression(caller, made)
    if found is None:  # deleted by another request between the two statements
        raise NotFound("There is no such suppression.")
    return SuppressionView.model_validate(found), is_new


def note_suppression(caller: Caller, made: tuple[Suppression, bool] | None) -> None:
    """Writes to the audit trail what `Suppression.add` or `follow` has made, if anything, in their transaction."""
    if made:
        suppression, is_new = made
        action = "suppression.added" if is_new else "suppression.changed"
        caller.note(action, suppression.id, account_id=suppression.account_id)


def list_suppressions(
    caller: Caller, *, page: int = 1, page_size: int = 20, q: str | None = None
) -> Page[SuppressionView]:
    """One page of suppressions, newest first; `q` is part of a phone or reason."""
    asked = search_of(q, country_of(caller) if q else None)
    found = Suppression.page(caller.account, page=page, page_size=page_size, q=asked)
    return found.map(SuppressionView.model_validate)


def read_suppression(caller: Caller, phone: str) -> SuppressionView:
    """Returns the suppression of this number; NotFound when there is none."""
    account_id = caller.one_account()
    found = Suppression.of_phone(account_id, normalise(phone, account_with_id(account_id).country))
    if found is None:
        raise NotFound("This number is not suppressed.")
    return SuppressionView.model_validate(found)


def suppression_of(caller: Caller, phone: str) -> int:
    """Returns the id of the suppression of this number; NotFound when there is none."""
    return read_suppression(caller, phone).id


def remove_suppression(caller: Caller, suppression_id: int) -> None:
    """Lets the account message this number again; a customer who is unsubscribed stays unsubscribed."""
    with db.atomic():
        removed = Suppression.remove(suppression_id, caller.account)
        if removed is None:
            raise NotFound("There is no such suppression.")
        caller.note("suppression.removed", suppression_id, account_id=removed.account_id, reason=removed.reason)
