"""The numbers that an account must not message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from models.database import changed, row, rows
from models.export import export_lines
from models.page import Page, read_page
from models.row import Row
from models.search import Search, matches
from models.tenancy import Tenant, owned_by
from models.webhooks.telling import told
from models.webhooks.webhook import OPTED_IN as TELL_OPTED_IN
from models.webhooks.webhook import OPTED_OUT as TELL_OPTED_OUT

# The reason of a number whose owner asked for it, and no one else.
OPTED_OUT = "opted_out"
# The sources with which a person opts out without the account.
BY_REPLY, BY_LINK = BY_PERSON = ("reply", "link")
# Why a message did not reach someone of whom the provider says that they want no more.
OPTED_OUT_AT_PROVIDER = "opted_out_at_provider"


def _strength(of: str) -> str:
    return f"({of}.reason <> '{OPTED_OUT}', {of}.source <> '{BY_LINK}')"


# What fewer acts of a person undo is stronger: undoing the link lifts only what the link did, START any opt-out, and
# neither lifts anything else.
#: Ends an INSERT of suppressions, no number twice: one that is suppressed already keeps the stronger of the two.
KEEPS_THE_STRONGER = f"""ON CONFLICT (account_id, phone) DO UPDATE
    SET reason = EXCLUDED.reason, source = EXCLUDED.source WHERE {_strength("EXCLUDED")} > {_strength("suppression")}"""
# Of the rows that such an INSERT returns: one that was inserted has no xmax, an updated one has ours.
_IS_NEW = "xmax = 0 AS is_new"


def opt_outs(of: str) -> str:
    """Returns the parts of a WITH that suppress those of `of`, one of its parts, who have opted out at their provider.

    Its rows have account_id, phone, provider and reason, of which only OPTED_OUT_AT_PROVIDER counts. The audit trail is
    told of each number that was not suppressed before or for a weaker reason; webhooks, of those not suppressed before.
    """
    return f"""
    opted_out AS (
        INSERT INTO suppression (account_id, phone, reason, source)
        SELECT DISTINCT ON (account_id, phone) account_id, phone, '{OPTED_OUT}', provider FROM {of}
        WHERE reason = '{OPTED_OUT_AT_PROVIDER}' AND phone IS NOT NULL ORDER BY account_id, phone
        {KEEPS_THE_STRONGER} RETURNING *, {_IS_NEW}),
    noted AS (
        INSERT INTO audit_event (account_id, actor, action, subject, details)
        SELECT account_id, source, CASE WHEN is_new THEN 'suppression.added' ELSE 'suppression.changed' END, id::text,
               jsonb_build_object('reason', '{OPTED_OUT_AT_PROVIDER}') FROM opted_out),
    newly AS (SELECT * FROM opted_out WHERE is_new),
    {told("newly", TELL_OPTED_OUT, "jsonb_build_object('phone', phone, 'source', source)")}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression(Row):
    """A number that is not messaged until the row is deleted; a customer with it may come and go meanwhile."""

    id: int
    account_id: UUID
    phone: str
    #: `opted_out`, or what the person who added it wrote.
    reason: str
    #: Where it came from: `api`, `cli`, `import`, `reply`, `link` or `unsubscribed`; or the provider that said so, as
    #: messages name it.
    source: str
    created_at: datetime

    @classmethod
    def add(
        cls, account_id: UUID, phone: str, *, reason: str = OPTED_OUT, source: str = ""
    ) -> tuple[Self, bool] | None:
        """Suppresses the number, from the next claim on; None when it is suppressed already for as strong a reason.

        Otherwise returns the suppression, and whether the number had none before. Of one that had none the account's
        webhooks are told what the person did themselves (BY_PERSON).
        """
        return cls._made(
            f"""WITH made AS (INSERT INTO suppression (account_id, phone, reason, source) VALUES (%s, %s, %s, %s)
                              {KEEPS_THE_STRONGER} RETURNING *, {_IS_NEW}),
                     by_person AS (SELECT * FROM made WHERE is_new AND source = ANY(%s)),
                     {told("by_person", TELL_OPTED_OUT, "jsonb_build_object('phone', phone, 'source', source)")}
                SELECT * FROM made""",
            [account_id, phone, reason, source, list(BY_PERSON)],
        )

    @classmethod
    def follow(cls, account_id: UUID, *, old: str, new: str) -> tuple[Self, bool] | None:
        """Suppresses the new number for the reason of the old one, as `add` does; None if the old is not suppressed."""
        return cls._made(
            f"""INSERT INTO suppression (account_id, phone, reason, source)
                SELECT account_id, %s, reason, source FROM suppression WHERE account_id = %s AND phone = %s
                {KEEPS_THE_STRONGER} RETURNING *, {_IS_NEW}""",
            [new, account_id, old],
        )

    @classmethod
    def _made(cls, statement: str, params: Sequence[object]) -> tuple[Self, bool] | None:
        made = row(statement, params)
        if made is None:
            return None
        is_new = made.pop("is_new")
        return cls(**made), is_new

    @classmethod
    def add_many(cls, account_id: UUID, phones: Sequence[str], reasons: Sequence[str], *, source: str) -> set[str]:
        """Suppresses the numbers and returns those that were not suppressed before.

        Of several reasons for one number, here or already stored, the strongest stays; of equal ones the first.
        """
        # In the order of phones, so that two imports at once wait for each other instead of deadlocking.
        found = rows(
            f"""INSERT INTO suppression (account_id, phone, reason, source)
                SELECT DISTINCT ON (phone) %s, phone, reason, %s
                FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (phone, reason, place)
                ORDER BY phone, reason = '{OPTED_OUT}', place
                {KEEPS_THE_STRONGER} RETURNING phone, {_IS_NEW}""",
            [account_id, source, list(phones), list(reasons)],
        )
        return {each["phone"] for each in found if each["is_new"]}

    @classmethod
    def among(cls, account_id: UUID, phones: Sequence[str]) -> set[str]:
        """Returns those of the numbers that are suppressed."""
        found = rows(
            "SELECT phone FROM suppression WHERE account_id = %s AND phone = ANY(%s)", [account_id, list(phones)]
        )
        return {each["phone"] for each in found}

    @classmethod
    def of_phone(cls, account_id: UUID, phone: str) -> Self | None:
        """Returns the account's suppression of this number, or None when it may be messaged."""
        return row("SELECT * FROM suppression WHERE account_id = %s AND phone = %s", [account_id, phone], into=cls)

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()) -> Page[Self]:
        """One page of the tenant's suppressions with these phones or reasons, newest first."""
        wanted, params = matches(q, "folded(reason)", phone="phone")
        return read_page(
            f"SELECT * FROM suppression WHERE {owned_by(tenant)} AND {wanted}",
            {"account": tenant, **params},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def lines(cls, account_id: UUID) -> "Iterator[SuppressionLine]":
        """Yields every suppression of the account, oldest first."""
        return export_lines("suppression", account_id, into=SuppressionLine)

    @classmethod
    def remove(cls, suppression_id: int, tenant: Tenant) -> Self | None:
        """Deletes and returns the tenant's suppression with this id; None when there is none."""
        return row(
            f"DELETE FROM suppression WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": suppression_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def lift_opt_out(
        cls, account_id: UUID, phone: str, *, source: str | None = None, by_person: str | None = None
    ) -> bool:
        """Deletes the number's suppression if an opt-out is its reason, from this `source` if one is given.

        With `by_person`, one of BY_PERSON, the account's webhooks are told. Returns whether it did.
        """
        details = "jsonb_build_object('phone', phone, 'source', %(by)s::text)"
        return bool(
            changed(
                f"""WITH lifted AS (
                        DELETE FROM suppression WHERE account_id = %(account)s AND phone = %(phone)s
                          AND reason = %(reason)s AND source = coalesce(%(source)s, source) RETURNING *),
                    by_person AS (SELECT * FROM lifted WHERE %(by)s::text IS NOT NULL),
                    {told("by_person", TELL_OPTED_IN, details)}
                    SELECT * FROM lifted""",
                {"account": account_id, "phone": phone, "reason": OPTED_OUT, "source": source, "by": by_person},
            )
        )


class SuppressionLine(NamedTuple):
    """A suppression as a line of a file; the fields are the header of the file."""

    phone: str
    reason: str
    source: str
    created_at: datetime
