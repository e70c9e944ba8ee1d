"""Everything that dispatch refuses, as exceptions.

DispatchError
├── InvalidRequest          the caller's input cannot be used
│   ├── InvalidTemplate
│   ├── SegmentTooHeavy
│   ├── NoRecipients, TooFewRecipients, NoTargetAudience, NoMessageText, EmptyCustomerIds, MissingCustomerId
├── NotFound                no such row for this account (another tenant's row looks the same)
│   ├── CampaignNotFound, CustomerNotFound
├── InvalidStatus           the campaign is in a state that does not allow this
│   └── AlreadySending
├── ImportRunning           an import is still adding people to the campaign's audience
├── Expired                 the campaign's expires_at has passed, so nothing of it would be sent
├── TooLate                 the campaign comes to start so much later than planned that a person has to decide
├── Duplicate               the row already exists
├── Forbidden               the caller's key lacks the scope, or is not an operator's
├── SubscriptionRequired, InsufficientCredits, ApprovalRequired
├── QuotaExceeded           the account has as much of something as an operator lets it have
│   └── SpendingLimit       as many messages or credits as it may send in a day
├── IdempotencyMismatch     the Idempotency-Key was used for another request
├── RemoteNotConfigured     a setting or a business id that the remote services need is missing or wrong
├── ProviderNotConfigured   the credentials of a provider cannot be sealed or opened
├── LinksNotConfigured      a text has short links, and a setting that they need is missing
├── RemoteFailed            a remote service did not answer, or not as docs/remote.md says
├── NotMigrated             the database does not have this release's schema
├── QueueUnavailable        Redis does not answer; nothing was changed
└── EnqueueFailed           the rows could not be committed; the campaign was put back

A class's docstring is its default message, and `code` is what API and command line call it (docs/errors.md). Only
`api/http/errors.py` knows the HTTP status codes of refusals.
"""

from collections.abc import Sequence
from typing import Any, Self

from dispatch.counting import counted

# A refusal lists at most this many ids and then says how many more there are.
MAX_NAMED = 10


class DispatchError(Exception):
    """Something failed unexpectedly; the logs say why."""

    code = "INTERNAL"

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details
        super().__init__(self.message)


class InvalidRequest(DispatchError):
    """The request cannot be used."""

    code = "INVALID_REQUEST"


class InvalidTemplate(InvalidRequest):
    """The template cannot be used."""

    code = "INVALID_TEMPLATE"


class EmptyCustomerIds(InvalidRequest):
    """customer_ids is empty; name at least one customer."""

    code = "EMPTY_CUSTOMER_IDS"


class MissingCustomerId(InvalidRequest):
    """The preview is for one customer; name it as customer_id."""

    code = "MISSING_CUSTOMER_ID"


class NoRecipients(InvalidRequest):
    """No one in the audience can be messaged; add customers or choose another audience."""

    code = "NO_RECIPIENTS"


class TooFewRecipients(InvalidRequest):
    """Too few people can be messaged for the texts that the campaign compares; add people or hold no one back."""

    code = "TOO_FEW_RECIPIENTS"


class NoTargetAudience(InvalidRequest):
    """The campaign has no audience yet; choose customers, a list, a segment or everyone."""

    code = "NO_TARGET_AUDIENCE"


class NoMessageText(InvalidRequest):
    """The campaign has no text yet; write one or choose a stored template."""

    code = "NO_MESSAGE_TEXT"


class NotFound(DispatchError):
    """There is nothing with this id or name."""

    code = "RESOURCE_NOT_FOUND"


class CampaignNotFound(NotFound):
    """There is no such campaign."""

    code = "CAMPAIGN_NOT_FOUND"


class CustomerNotFound(NotFound):
    """There is no such customer."""

    code = "CUSTOMER_NOT_FOUND"

    @classmethod
    def with_ids(cls, missing: Sequence[int]) -> Self:
        """Returns a refusal that names the first of the ids that no customer has."""
        named, more = missing[:MAX_NAMED], len(missing) - MAX_NAMED
        listed = ", ".join(map(str, named)) + (f" and {more} more" if more > 0 else "")
        if len(missing) == 1:
            return cls(f"There is no customer with the id {listed}.", customer_ids=named)
        return cls(f"There are no customers with these ids: {listed}.", customer_ids=named)


class InvalidStatus(DispatchError):
    """The campaign is in a state that does not allow this."""

    code = "INVALID_STATUS"


class AlreadySending(InvalidStatus):
    """The campaign has already been started."""

    code = "ALREADY_SENDING"


class ImportRunning(DispatchError):
    """An import is still adding customers to the campaign's audience; wait until it ends, or start it anyway."""

    code = "IMPORT_RUNNING"


class SegmentTooHeavy(InvalidRequest):
    """Looking for the people of the segment takes too long; give it fewer or simpler conditions."""

    code = "SEGMENT_TOO_HEAVY"


class Expired(DispatchError):
    """It expires before anything of it could be sent; give it a later expires_at, or none, and start it again."""

    code = "EXPIRED"


class TooLate(DispatchError):
    """Its time passed longer ago than grace_sec allows; start it now, give it another time, or cancel it."""

    code = "TOO_LATE"


class Duplicate(DispatchError):
    """This already exists."""

    code = "DUPLICATE"


class Forbidden(DispatchError):
    """This API key may not do this."""

    code = "FORBIDDEN"


class SubscriptionRequired(DispatchError):
    """The account has no active subscription."""

    code = "SUBSCRIPTION_REQUIRED"


class QuotaExceeded(DispatchError):
    """The account has as much of this as it may have; an operator can raise the limit."""

    code = "QUOTA_EXCEEDED"


class SpendingLimit(QuotaExceeded):
    """The account has sent as much as it may in a day; wait for the next one, or an operator raises the limit."""

    code = "SPENDING_LIMIT"


class InsufficientCredits(DispatchError):
    """The account has too few credits for this campaign; top up and try again."""

    code = "INSUFFICIENT_CREDITS"

    def __init__(self, *, needed: int, available: int | None = None) -> None:
        has = "too few" if available is None else f"{available:,}"
        super().__init__(
            f"The campaign needs {counted(needed, 'credit')} and the account has {has}; top up and try again.",
            needed=needed,
            **({} if available is None else {"available": available}),
        )


class ApprovalRequired(DispatchError):
    """A campaign of this size needs a second person's approval before it starts; have it approved with another key."""

    code = "APPROVAL_REQUIRED"


class IdempotencyMismatch(DispatchError):
    """This Idempotency-Key was used for a different request in the last 24 hours; use a new one for a new request."""

    code = "IDEMPOTENCY_MISMATCH"


class RemoteNotConfigured(DispatchError):
    """A setting that the remote services need is missing or wrong."""

    code = "REMOTE_NOT_CONFIGURED"


class ProviderNotConfigured(DispatchError):
    """PROVIDER_KEY is missing, or is not the one that sealed the credentials of the provider."""

    code = "PROVIDER_NOT_CONFIGURED"


class LinksNotConfigured(DispatchError):
    """The text has short links, and PUBLIC_URL or LINK_KEY is not set."""

    code = "LINKS_NOT_CONFIGURED"


class RemoteFailed(DispatchError):
    """A remote service did not answer, or not as docs/remote.md says."""

    code = "REMOTE_FAILED"


class NotMigrated(DispatchError):
    """The database does not have this release's schema; run `python -m cli database migrate`."""

    code = "DATABASE_NOT_MIGRATED"


class QueueUnavailable(DispatchError):
    """The job queue (Redis) does not answer; nothing was changed. Try again shortly."""

    code = "QUEUE_UNAVAILABLE"


class EnqueueFailed(DispatchError):
    """The campaign's messages could not be written; it is back in its previous state. Try again."""

    code = "ENQUEUE_FAILED"
