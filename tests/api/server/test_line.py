"""A connection whose client is too slow ends; one that is merely slow does not."""

import gevent
import pytest
from gevent import socket

from api.server import line as line_module
from api.server.line import Line


@pytest.fixture
def ends(monkeypatch):
    """Our end and the client's, with little patience."""
    monkeypatch.setattr(line_module, "SILENCE_SEC", 0.2)
    monkeypatch.setattr(line_module, "BODY_SEC", 0.3)
    monkeypatch.setattr(line_module, "LINGER_SEC", 0.2)
    ours, theirs = socket.socketpair()
    line = Line(ours)
    yield line, theirs
    theirs.close()
    line.close()


def test_a_body_that_stops_is_given_up(ends):
    line, theirs = ends
    line.begin_body()
    theirs.sendall(b"phone")
    assert line.recv(100) == b"phone"
    with pytest.raises(TimeoutError):
        line.recv(100)


def test_a_body_that_drips_for_ever_is_given_up(ends):
    line, theirs = ends
    line.begin_body()

    def drip():
        while True:
            theirs.sendall(b"x")
            gevent.sleep(0.01)

    dripping = gevent.spawn(drip)
    with pytest.raises(TimeoutError):
        list(iter(lambda: line.recv(100), b""))
    dripping.kill()


def test_a_body_at_a_fair_rate_may_take_longer_than_the_first_patience(ends, monkeypatch):
    monkeypatch.setattr(line_module, "SLOWEST_RATE", 1)
    line, theirs = ends
    line.begin_body()
    for _ in range(10):
        gevent.sleep(0.05)
        theirs.sendall(b"x")
        assert line.recv(100) == b"x"


def test_a_client_that_does_not_read_is_left(ends, monkeypatch):
    monkeypatch.setattr(line_module, "SLOWEST_RATE", 10**9)
    line, _ = ends
    with pytest.raises(ConnectionResetError):
        line.sendall(b"x" * 50_000_000)


def test_a_client_that_reads_gets_everything_however_large(ends):
    line, theirs = ends
    sending = gevent.spawn(line.sendall, b"x" * 5_000_000)
    received = 0
    while received < 5_000_000:
        received += len(theirs.recv(65536))
    sending.get()


def test_a_connection_that_waits_for_a_request_is_limited_by_the_worker_alone(ends):
    line, theirs = ends
    line.begin_body()
    line.end_body()
    gevent.spawn_later(0.5, theirs.sendall, b"GET")
    assert line.recv(100) == b"GET"


def test_an_answer_arrives_although_the_client_is_still_sending(ends):
    line, theirs = ends
    theirs.sendall(b"x" * 100_000)
    line.sendall(b"HTTP/1.1 413")
    closing = gevent.spawn(line.close)
    assert theirs.recv(100) == b"HTTP/1.1 413"
    theirs.close()
    closing.get()
