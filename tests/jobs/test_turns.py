"""A worker takes the jobs of accounts in turns, and large work makes way after a chunk."""

from io import BytesIO
from math import inf
from uuid import UUID, uuid4

import pytest

from dispatch import queues
from dispatch.campaigns.reading import read_campaign
from dispatch.customers import imports
from dispatch.customers.import_upload import Wish, read_import, start_import
from dispatch.process.trusted_queue import TrustedQueue
from dispatch.queues import PREPARE, SEND
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from jobs.queue_worker import QueueWorker
from models.messages.pushing import Pushed
from models.turns import Turns
from tests.factories import a_campaign, an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture(autouse=True)
def turns(monkeypatch):
    """What the worker remembers, which is nothing at first."""
    monkeypatch.setattr(TrustedQueue, "turns", Turns())
    monkeypatch.setattr(TrustedQueue, "_fade_at", inf)
    return TrustedQueue.turns


def take(redis, queue: str = SEND) -> bytes:
    """Takes the next job as a worker does; it is a turn of its account."""
    _, job_id = TrustedQueue.lmove(redis, f"rq:queue:{queue}", None)
    TrustedQueue.turns.took(account_in(job_id), 0)
    return job_id


def account_in(job_id: bytes):
    return UUID(queues.account_of(job_id).decode())


def work(redis, jobs: int) -> None:
    """Does so many jobs of the prepare queue."""
    worker = QueueWorker(PREPARE, name=f"worker-{uuid4().hex}", connection=redis)
    worker.work(burst=True, logging_level=None, max_jobs=jobs)


def push(account_id, count: int) -> None:
    queues.push_batches([Pushed(number, 0, account_id) for number in range(count)])


def test_one_job_of_an_account_waits_for_one_of_an_account_with_many(redis):
    many, one = uuid4(), uuid4()
    push(many, 50)
    push(one, 1)
    assert [account_in(take(redis)) for _ in range(4)] == [many, one, many, many]


def test_what_an_account_had_while_it_was_alone_fades_before_another_one_comes(redis, turns, monkeypatch):
    alone = uuid4()
    turns.took(alone, 100)
    push(alone, 1)
    monkeypatch.setattr(TrustedQueue, "_fade_at", 0)
    had = turns.of(alone)
    TrustedQueue.lmove(redis, f"rq:queue:{SEND}", None)
    assert turns.of(alone) == had / 2


def test_jobs_of_three_accounts_are_taken_in_turns_and_each_accounts_in_order(redis):
    accounts = [uuid4() for _ in range(3)]
    for account in accounts:
        push(account, 3)
    taken = [take(redis) for _ in range(9)]
    assert [account_in(job_id) for job_id in taken] == accounts * 3
    assert [int(job_id.split(b"-")[1]) for job_id in taken] == [0] * 3 + [1] * 3 + [2] * 3


def test_an_account_whose_jobs_took_long_comes_later(redis, turns):
    slow, quick = uuid4(), uuid4()
    push(slow, 1)
    push(quick, 3)
    turns.took(slow, 2.5)
    assert [account_in(take(redis)) for _ in range(4)] == [quick, quick, quick, slow]


def test_a_job_is_kept_until_it_is_done_and_another_worker_cannot_take_it_too(redis):
    push(uuid4(), 2)
    push(uuid4(), 2)
    taken = [take(redis) for _ in range(4)]
    assert len(set(taken)) == 4
    assert redis.lrange(f"rq:queue:{SEND}:intermediate", 0, -1) == taken
    assert TrustedQueue.lmove(redis, f"rq:queue:{SEND}", None) is None


def test_ids_that_name_no_account_are_taken_in_their_place(redis):
    redis.rpush(f"rq:queue:{SEND}", "planted", b"\xff", "b-1-2-")
    push(uuid4(), 1)
    assert TrustedQueue.lmove(redis, f"rq:queue:{SEND}", None)[1] == b"planted"


def test_an_import_waits_for_a_chunk_of_each_other_account_and_not_for_ten_files(redis, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 10)
    monkeypatch.setattr(queues, "FAIR_SHARE_SEC", 0)
    evil, acme = an_account(country="GR"), an_account(country="GR")
    large = "phone\n" + "".join(f"69{number:08d}\n" for number in range(200))
    for _ in range(10):
        start_import(asking(evil.id), BytesIO(large.encode()), Wish("large"))
    ours = start_import(asking(acme.id), BytesIO(b"phone\n6900000001\n"), Wish("small")).id
    # A chunk of another file, our own, and our file's end; some more of the others if ours happen to take longer.
    for _ in range(20):
        work(redis, jobs=1)
        if read_import(asking(), ours).status == "done":
            return
    pytest.fail("20 of more than 200 jobs were not enough")


def test_a_preparation_makes_way_after_a_chunk_and_is_continued(redis, configure, monkeypatch):
    configure(ENQUEUE_INLINE_LIMIT=0, BATCH_SIZE=2)
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 2)
    monkeypatch.setattr(queues, "FAIR_SHARE_SEC", 0)
    large, small = a_campaign(an_account(), recipients=20), a_campaign(an_account(), recipients=1)
    for campaign in (large, small):
        enqueue_campaign(asking(), campaign.id)
    work(redis, jobs=2)
    assert read_campaign(asking(), small.id).status == "sending"
    assert (read_campaign(asking(), large.id).status, read_campaign(asking(), large.id).stats.total) == ("preparing", 2)
    work(redis, jobs=1)
    assert read_campaign(asking(), large.id).status == "sending"
