"""An account, and functions that schedules may run while a test lasts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from scheduling import registry
from scheduling.registry import Job, register
from tests.factories import an_account


@pytest.fixture
def account(db: Any) -> UUID:
    """The id of an account."""
    return an_account().id


@pytest.fixture
def registering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`register`, undone when the test ends."""
    monkeypatch.setattr(registry, "_registered", {})
    return register


@pytest.fixture
def jobs(registering: Callable[..., None]) -> list[Job]:
    """What was run: the type "note" only remembers its jobs."""
    done: list[Job] = []
    registering("note", done.append)
    return done
