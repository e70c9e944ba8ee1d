"""Writes hundreds of thousands of customers directly into the table, because their import is not measured."""

from collections.abc import Callable
from uuid import UUID

from models.database import rows

CUSTOMERS_PER_CHUNK = 50_000

# Realistic names and products: mostly plain, some with accents, some that make the text UCS-2.
_INSERT = """
INSERT INTO customer (account_id, phone, first_name, last_name, location, prefered_product)
SELECT %(account)s, '+3069' || lpad(i::text, 8, '0'),
       (ARRAY['Anna', 'José', 'Maria', 'Jonas', 'Zoë', 'Γιώργος', 'Ruth', 'Ali'])[1 + i %% 8],
       (ARRAY['Lindström', 'García', 'Rossi', 'Weber', 'Müller', 'Νικολάου', 'O''Neil', 'Kaya'])[1 + i %% 8],
       (ARRAY['Athens', 'Málaga', 'Köln', 'Oslo', NULL])[1 + i %% 5],
       (ARRAY['coffee', 'running shoes', 'a gift card', 'sunglasses', 'tea'])[1 + i %% 5]
FROM generate_series(%(first)s::int, %(last)s::int) AS i
"""


def add_customers(account_id: UUID, count: int, *, progress: Callable[[int], None]) -> None:
    """Adds `count` subscribed customers with different numbers to the account, and vacuums the table."""
    for first in range(0, count, CUSTOMERS_PER_CHUNK):
        last = min(first + CUSTOMERS_PER_CHUNK, count)
        rows(_INSERT, {"account": account_id, "first": first, "last": last - 1})
        progress(last)
    rows("VACUUM (ANALYZE) customer")
