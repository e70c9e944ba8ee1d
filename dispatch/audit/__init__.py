"""Proves from the rows that the invariants hold; each is a set of queries that must find nothing.

    families.py  I1       no number is messaged twice by a campaign and its follow-ups
    counts.py    I3, I8   nothing is lost, and every counter equals the rows
    owners.py    I5       nothing stays unfinished past its limit
    money.py     I7, I9   every credit is accounted for, and each start has one hold
    tenants.py   I12      no row refers to another account
    schedules.py          the same promises for schedules
    answers.py            and for answers to replies
    winners.py            and for those who wait for the best of several texts

A query is named by what it finds, and returns `account_id` and a printable `id`.
"""

from dataclasses import dataclass

from dispatch.audit import answers, schedules, winners
from dispatch.audit.counts import I3, I8
from dispatch.audit.families import I1
from dispatch.audit.money import I7, I9
from dispatch.audit.owners import I5
from dispatch.audit.tenants import I12
from models.database import db, long_statements, rows, scalar
from models.tenancy import Tenant, owned_by

CHECKS: dict[str, dict[str, str]] = {
    "I1": I1,
    "I3": I3,
    "I5": I5 | schedules.I5 | answers.I5 | winners.I5,
    "I7": I7,
    "I8": I8 | schedules.I8,
    "I9": I9 | schedules.I9,
    "I12": I12 | schedules.I12 | answers.I12 | winners.I12,
}
# What each proves, in a newcomer's words.
PROMISES = {
    "I1": "nobody is messaged twice: neither a retry nor a rest goes to a number that was reached",
    "I3": "nothing is lost: everyone has one message, and each is counted in one outcome",
    "I5": "nothing is stuck: whatever is unfinished has someone who comes back to it",
    "I7": "no credit is lost: what was sent is paid, and the rest was given back",
    "I8": "every number shown equals the rows that it counts",
    "I9": "the campaign was started once and charged once",
    "I12": "no account sees or touches another's rows",
}
MAX_IDS = 20

# MATERIALIZED keeps the LIMIT out of the query: nothing is expected to be found, so a plan that counts on stopping
# early would be wrong.
_FOUND = """
WITH found AS MATERIALIZED ({query})
SELECT array_agg(id ORDER BY length(id), id) AS ids
FROM found WHERE {tenant}
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: which, what the query found, how many rows, and the ids of the first of them."""

    invariant: str
    what: str
    count: int
    ids: list[str]


def audit(tenant: Tenant) -> list[Violation]:
    """Returns every violation found in one snapshot of the database, of one account or of all.

    The snapshot keeps a working system from raising false alarms; it may be taken at any time and blocks nothing.
    """
    with long_statements(600), db.atomic():
        rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = [
            _look(invariant, what, query, tenant)
            for invariant, queries in CHECKS.items()
            for what, query in queries.items()
        ]
    return [violation for violation in found if violation]


def _look(invariant: str, what: str, query: str, tenant: Tenant) -> Violation | None:
    ids = scalar(_FOUND.format(query=query, tenant=owned_by(tenant)), {"account": tenant})
    return Violation(invariant, what, len(ids), ids[:MAX_IDS]) if ids else None
