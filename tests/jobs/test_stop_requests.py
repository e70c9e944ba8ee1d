"""A worker that is asked to stop ends, wherever the signal finds it: its handler raises in the middle of anything."""

import signal
import sys
import threading
from uuid import uuid4

import pytest
from rq import SimpleWorker
from rq.exceptions import StopRequested

from config.stopping import Stopping
from dispatch.process.listed_job import ListedJob
from dispatch.queues import HOUSE, queue
from jobs.queue_worker import QueueWorker
from jobs.send import close_courier, send_batch, stop_sending
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, started
from tests.stored import states


@pytest.fixture
def worker(redis):
    return QueueWorker(HOUSE, name=f"worker-{uuid4().hex}", connection=redis)


def test_in_the_middle_of_maintenance(worker, monkeypatch):
    monkeypatch.setattr(SimpleWorker, "run_maintenance_tasks", lambda self: self.request_stop(signal.SIGTERM, None))
    with pytest.raises(StopRequested):
        worker.run_maintenance_tasks()


def test_where_rq_itself_catches_what_the_handler_raised(worker, monkeypatch):
    def swallow(self):
        with pytest.raises(StopRequested):
            self.request_stop(signal.SIGTERM, None)

    monkeypatch.setattr(SimpleWorker, "run_maintenance_tasks", swallow)
    with pytest.raises(StopRequested):
        worker.run_maintenance_tasks()


def test_while_it_reads_a_job(worker, monkeypatch):
    queue(HOUSE).enqueue_call("jobs.process.process_campaign", args=(1,), job_id="c-1")
    monkeypatch.setattr(ListedJob, "fetch", lambda *arguments, **options: worker.request_stop(signal.SIGTERM, None))
    with pytest.raises(StopRequested):
        worker.dequeue_job_and_maintain_ttl(timeout=1)


def test_while_the_first_job_makes_what_it_sends_with(db, redis, monkeypatch):
    """There is nothing to stop yet when the signal comes, so the job has to ask once it has been made."""
    asked = Stopping()
    monkeypatch.setattr("jobs.send.stopping", lambda: asked)
    provider, campaign = ScriptedProvider(), started(recipients=3)

    def made_meanwhile(settings):
        asked.ask()
        stop_sending()
        return provider

    monkeypatch.setattr("jobs.send.provider_for", made_meanwhile)
    try:
        send_batch(campaign, 0)
    finally:
        close_courier()
    assert provider.calls == []
    assert states(campaign) == {"pending": 3}


def interrupted_by_itself(function):
    """Calls the function, and once more at each line of it and of what it calls, as one signal after another would."""
    again = False

    def trace(frame, event, argument):
        nonlocal again
        if not again:
            again = True
            function()
            again = False
        return trace

    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)


@pytest.mark.parametrize("each", ["what a job sends with", "what the process asks"])
def test_in_the_middle_of_the_same_request(each):
    """A handler interrupts the one before; if it wants a lock that this one holds, both wait forever."""
    with courier(ScriptedProvider()) as found:
        ask = found.stop if each == "what a job sends with" else Stopping().ask
        asking = threading.Thread(target=interrupted_by_itself, args=[ask], daemon=True)
        asking.start()
        asking.join(10)
        assert not asking.is_alive(), "it waits for itself"


@pytest.fixture
def on_signal():
    """Sets what the process does on SIGUSR1, for the test."""
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handle: signal.signal(signal.SIGUSR1, lambda number, frame: handle())
    signal.signal(signal.SIGUSR1, before)


def test_by_a_signal_that_another_thread_gets(db, redis, on_signal):
    """Handlers run in the main thread, which waits for the job's end, and which the signal does not wake."""
    provider, campaign = ScriptedProvider(), started(recipients=3)
    provider.hold()
    provider.on_call(lambda message: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    with courier(provider) as found:
        handled = []
        on_signal(lambda: handled.append(provider.in_flight) or found.stop() or provider.release())
        too_late = threading.Timer(10, provider.release)
        too_late.start()
        found.deliver(campaign, 0)
        assert too_late.is_alive(), "the handler did not run before the calls ended"
        too_late.cancel()
    assert handled
