"""Addresses that sign a browser in to the console, once: for operators, and for the demo."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dispatch.accounts.keys import read_key
from dispatch.caller import Caller
from models.console.session import ConsoleSession
from models.database import db

#: How long such an address works.
MINUTES = 10


@dataclass(frozen=True, slots=True)
class SignInOffer:
    """A path of web that signs in the browser that comes first; as secret as the key until then."""

    path: str
    works_until: datetime


def offer_sign_in(caller: Caller, key_id: UUID) -> SignInOffer:
    """Offers a session of the console with this key, once and for MINUTES; NotFound when the caller sees no such key.

    For operators, who see all keys anyway: it asks for no scope, because the command line is the only way to it.
    """
    key = read_key(caller, key_id)
    with db.atomic():
        token = ConsoleSession.offer(key.id, minutes=MINUTES)
        caller.note("console.sign_in_offered", key.id, account_id=key.account_id)
    return SignInOffer(f"/console/open?offer={token}", datetime.now(UTC) + timedelta(minutes=MINUTES))
