"""What the tests of locks share."""

from collections.abc import Iterator

import pytest

from dispatch.process import lock as locks


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> Iterator[locks.Renewals]:
    """The locks that this test holds; they are left to expire at its end, as those of a killed process are."""
    own = locks.Renewals()
    monkeypatch.setattr(locks, "_renewals", own)
    yield own
    for lock in list(own.held):
        own.end(lock)
