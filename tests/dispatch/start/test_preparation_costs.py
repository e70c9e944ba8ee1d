"""What preparing costs, in figures that no machine changes: statements, calls of functions, and memory."""

import gc
import sys
import tracemalloc
from contextlib import contextmanager
from itertools import count

import pytest

from dispatch.start import preparation
from models.database import rows
from tests.factories import a_campaign, an_account
from tests.sending import start_claim
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("db", "redis")

CHUNK = 1000
# Those of a text with two placeholders, as in the benchmark.
TEMPLATE = "Hi {first_name}, {prefered_product} is 20% off until Sunday. Show this text in our shop. STOP ends these."
NAMES = ["Anna", "José", "Maria", "Jonas", "Zoë", "Γιώργος", "Ruth", "Ali"]


@pytest.fixture(autouse=True)
def _chunks(monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", CHUNK)


def claimed(recipients, *, template=TEMPLATE, batch_size=CHUNK, **options):
    """Claims a campaign to so many customers with ordinary names, and leaves its preparation to the test."""
    campaign = a_campaign(an_account(credits=10), recipients=recipients, template=template, **options)
    rows("UPDATE customer SET first_name = (%s::text[])[1 + id %% 8]", [NAMES])
    return start_claim(campaign.id, batch_size=batch_size, recipients=recipients)


def run(recipients, **options):
    """Returns the statements of a preparation."""
    campaign = claimed(recipients, **options)
    with statements() as ran:
        assert preparation.prepare(campaign)
    return ran


@contextmanager
def counted_calls():
    """Counts the calls of functions, Python's and C's, until the end of the block."""
    calls = count()

    def note(frame, event, argument):
        if event in ("call", "c_call"):
            next(calls)

    found = []
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        found.append(next(calls))


def calls_of(recipients, **options):
    campaign = claimed(recipients, **options)
    with counted_calls() as calls:
        assert preparation.prepare(campaign)
    return calls[0]


def peak_of(recipients, **options):
    """Returns the most bytes of Python's objects that a preparation holds at a time."""
    campaign = claimed(recipients, **options)
    gc.collect()  # also empties what Python keeps of freed tuples, which would hide new ones
    tracemalloc.start()
    try:
        assert preparation.prepare(campaign)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_chunk_takes_seven_statements_and_one_commit():
    chunk = [f"SELECT {CHUNK}", "BEGIN", "SELECT 1", f"COPY {CHUNK}", "COPY 1", "UPDATE 1", "COMMIT"]
    assert run(2 * CHUNK)[1:-1] == 2 * chunk


def test_the_batches_of_a_chunk_are_written_together():
    assert len(run(CHUNK, batch_size=10)) == len(run(CHUNK, batch_size=CHUNK))


@pytest.mark.parametrize(
    ("template", "most"),
    [(TEMPLATE, 7), ("Hi {{ first_name|fallback('friend')|upper }}!", 6), ("Γειά σου {first_name}", 6)],
)
def test_a_message_takes_few_calls(template, most):
    first, all_of_them = (calls_of(recipients, template=template) for recipients in (CHUNK, 3 * CHUNK))
    assert (all_of_them - first) / (2 * CHUNK) <= most


@pytest.fixture
def _warm(db, _chunks):
    """What is imported, compiled or remembered once is not counted."""
    peak_of(6 * CHUNK)


@pytest.mark.usefixtures("_warm")
def test_memory_does_not_grow_with_the_audience():
    one, five = peak_of(CHUNK), peak_of(5 * CHUNK)
    assert five < 1.15 * one


@pytest.mark.usefixtures("_warm")
def test_memory_for_a_recipient_of_a_chunk_is_bounded():
    assert peak_of(CHUNK) / CHUNK < 900
