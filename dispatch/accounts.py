"""Accounts, their keys and their credits; every change leaves an audit event in its own transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dispatch.errors import Duplicate, InvalidRequest, NotFound
from dispatch.input import checked_name
from dispatch.phones import check_country
from models import credit
from models.account import Account
from models.api_key import SCOPES, ApiKey
from models.audit_event import AuditEvent
from models.campaign import Campaign
from models.database import db, row

# A sum of these cannot overflow a bigint in this world.
MOST_CREDITS = 1_000_000_000_000


def create_account(
    name: str,
    *,
    subscribed: bool = True,
    country: str | None = None,
    actor: str = "operator",
    request_id: str | None = None,
) -> dict[str, Any]:
    """Makes an account and gives its id and name; Duplicate when the name is taken.

    `country` is where phone numbers without a country code are read.
    """
    name = checked_name(name)
    country = check_country(country) if country else None
    with db.atomic():
        made = Account.add(name, subscribed=subscribed, country=country)
        if made is None:
            raise Duplicate(f"There is already an account called {name}.", field="name")
        AuditEvent.note(
            "account.created", made["id"], account_id=made["id"], actor=actor, request_id=request_id, name=name
        )
    return {"id": made["id"], "name": made["name"]}


def account_named(name: str) -> dict[str, Any]:
    """The account's row by its name; NotFound when there is none."""
    found = row("SELECT * FROM account WHERE name = %s", [name.strip()]) if "\0" not in name else None
    if found is None:
        raise NotFound(f"There is no account called {name.strip()[:200]!r}.")
    return found


def account_with_id(account_id: UUID) -> dict[str, Any]:
    """The account's row by its id; NotFound when there is none."""
    found = row("SELECT * FROM account WHERE id = %s", [account_id])
    if found is None:
        raise NotFound("There is no such account.")
    return found


def issue_key(
    account_id: UUID | None,
    *,
    name: str = "",
    scopes: Sequence[str] = SCOPES,
    actor: str = "operator",
    request_id: str | None = None,
) -> dict[str, Any]:
    """Makes an API key, of an operator when there is no account, and gives its id and, this once, the key."""
    _check_scopes(scopes)
    if account_id is not None:
        account_with_id(account_id)
    with db.atomic():
        made = ApiKey.issue(account_id, name=name, scopes=tuple(scopes))
        AuditEvent.note(
            "key.created",
            made["id"],
            account_id=account_id,
            actor=actor,
            request_id=request_id,
            scopes=list(scopes),
        )
    return made


def revoke_key(key_id: UUID, *, actor: str = "operator", request_id: str | None = None) -> None:
    """Ends a key at once; NotFound when there is no such live key."""
    with db.atomic():
        if not ApiKey.revoke(key_id):
            raise NotFound("There is no live key with this id.")
        owner = row("SELECT account_id FROM api_key WHERE id = %s", [key_id])
        assert owner is not None
        AuditEvent.note("key.revoked", key_id, account_id=owner["account_id"], actor=actor, request_id=request_id)


def top_up(account_id: UUID, amount: int, *, actor: str = "operator", request_id: str | None = None) -> dict[str, int]:
    """Adds credits and gives the new balance; campaigns that waited for credits are looked at again."""
    if not 1 <= amount <= MOST_CREDITS:
        raise InvalidRequest(f"The amount is a whole number from 1 to {MOST_CREDITS}.", field="amount")
    with db.atomic():
        balance = credit.top_up(account_id, amount, actor=actor)
        if balance is None:
            raise NotFound("There is no such account.")
        Campaign.unblock(account_id, "INSUFFICIENT_CREDITS")
        AuditEvent.note(
            "credits.topped_up",
            account_id,
            account_id=account_id,
            actor=actor,
            request_id=request_id,
            amount=amount,
        )
    return balance


def balance(account_id: UUID) -> dict[str, int]:
    """The credits an account may spend and those held for campaigns under way."""
    standing = Account.standing(account_id)
    if standing is None:
        raise NotFound("There is no such account.")
    return {"available": standing["available"], "held": standing["held"]}


def _check_scopes(scopes: Sequence[str]) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        named = ", ".join(unknown) or "none"
        raise InvalidRequest(f"Scopes are among {', '.join(SCOPES)}; given: {named}.", field="scopes")
