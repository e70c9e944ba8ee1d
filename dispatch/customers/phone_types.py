"""Finds out what kind of number each customer has who came in before this was stored."""

from dispatch.caller import Caller
from dispatch.formats.phones import phone_type
from models.customers.phone_types import counts, set_types, without_type
from models.database import db

CUSTOMERS_PER_CHUNK = 5_000


def fill_phone_types(caller: Caller) -> dict[str, int]:
    """Records the kind of every number of the account that has none yet; returns how many customers have which kind.

    Chunk by chunk, about 10 seconds for a million; doing it again, or after it was cut short, continues.
    """
    account_id = caller.one_account()
    after = 0
    while found := without_type(account_id, after=after, limit=CUSTOMERS_PER_CHUNK):
        with db.atomic():
            set_types([(each, phone_type(each.phone)) for each in found])
        after = found[-1].id
    return dict(counts(account_id))
