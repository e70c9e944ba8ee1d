"""Who asks: the first argument of every function of `dispatch` that acts for someone."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from config.settings import settings
from dispatch.errors import Forbidden, InvalidRequest, NotFound
from models.api_key import SCOPES
from models.audit_event import AuditEvent
from models.idempotency_key import RequestKey
from models.tenancy import ALL_ACCOUNTS, Tenant


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which account, with which scopes, and in which request.

    No field has a default: access to all accounts is written out as `ALL_ACCOUNTS`, a missing Idempotency-Key as None.
    Work that no one asks for (sending, recovery, the continuation of a preparation) has no caller.
    """

    #: How the audit trail names them: `key:<id>`, `cli:<user>`, or the id of the system user.
    actor: str
    #: The only account they see, or ALL_ACCOUNTS.
    account: Tenant
    #: The scopes of their key; a person at the terminal has all of them.
    scopes: frozenset[str]
    #: The id that log lines, jobs and the audit trail share.
    request_id: str
    #: By which a retry of the same request finds the campaign that it started; None if there is none.
    idempotency_key: RequestKey | None

    def require(self, scope: str, *, because: str = "") -> None:
        """Raises Forbidden, with the reason in a sentence, unless they have this scope."""
        if scope not in self.scopes:
            lacks = f"This API key lacks the scope {scope}; use one that has it."
            raise Forbidden(f"{because} {lacks}".strip(), scope=scope)

    def within(self, account_id: UUID) -> "Caller":
        """Returns the same caller limited to this account; NotFound when they may not see it."""
        if self.account not in (ALL_ACCOUNTS, account_id):
            raise NotFound("There is no such account.")
        return replace(self, account=account_id)

    def one_account(self) -> UUID:
        """Returns the account to add something to; InvalidRequest when the caller sees all accounts and named none."""
        if self.account is ALL_ACCOUNTS:
            raise InvalidRequest(
                "An operator's key belongs to no account; name one with ?organization_id=<id>.",
                field="organization_id",
            )
        return self.account

    def note(self, action: str, subject: object, *, account_id: UUID | None, **details: Any) -> None:
        """Writes an audit event in their name, in the transaction of the change that it records."""
        AuditEvent.note(action, subject, account_id=account_id, actor=self.actor, request_id=self.request_id, **details)


def system_caller() -> Caller:
    """Returns the caller of scheduled work: the system user, for all accounts."""
    return Caller(
        actor=str(settings().system_user_id),
        account=ALL_ACCOUNTS,
        scopes=frozenset(SCOPES),
        request_id=uuid4().hex,
        idempotency_key=None,
    )
