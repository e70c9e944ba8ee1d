"""Each test leaves the schema as it was, also one that undoes a migration: those that follow use the same database."""

from collections.abc import Iterator

import pytest

from models.database import db as database
from models.database import rows

_SCHEMA = """
SELECT conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
ORDER BY 1, 2, 3
"""


@pytest.fixture(autouse=True)
def schema_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test that leaves a constraint, an index, a trigger or a column different."""
    if "db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("db")
    before = rows(_SCHEMA)
    yield
    with database.connection_context():
        assert rows(_SCHEMA) == before
