"""Live progress: what the stream says, when it ends, and how many there may be."""

import json
import threading
from http.client import HTTPConnection
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from api.routes import events
from api.server.crowd import Crowd
from config.settings import settings
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.start.enqueue import enqueue_campaign
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_key, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver
from tests.waiting import wait_until


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def web(app, db, redis, monkeypatch):
    """The application on a real socket, checking progress ten times a second; yields its port."""
    monkeypatch.setattr(events, "LOOK_EVERY_SEC", 0.1)
    monkeypatch.setattr(events, "slots", Crowd())
    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Stream:
    """One client that follows a campaign."""

    def __init__(self, port, campaign_id, key):
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {key}"}
        self._connection.request("GET", f"/api/campaigns/{campaign_id}/events", headers=headers)
        self.response = self._connection.getresponse()

    def event(self):
        """Returns the next event: its name and data."""
        fields = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return (fields["event"], json.loads(fields["data"])) if "data" in fields else None

    def close(self):
        self.response.close()
        self._connection.close()


@pytest.fixture
def started(web):
    account = an_account()
    campaign = a_campaign(account, recipients=30)
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c"), campaign.id)
    return campaign.id, a_key(account)


def test_a_stream_reports_changes_and_ends_with_the_campaign(web, started):
    campaign_id, key = started
    stream = Stream(web, campaign_id, key)
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    name, first = stream.event()
    assert (name, first["status"], first["stats"]["pending"]) == ("progress", "sending", 30)
    deliver(ScriptedProvider(), campaign_id)
    seen = [stream.event()]
    while seen[-1][0] != "end":
        seen.append(stream.event())
    last = seen[-1][1]
    assert (last["status"], last["stats"]["sent"], last["final"]) == ("completed", 30, True)
    assert stream.response.readline() == b""
    wait_until(lambda: events.slots.total() == 0, "the place is free again")


def test_a_stream_of_an_ended_campaign_says_so_and_ends(web):
    campaign = a_campaign(an_account(), recipients=1)
    cancel_campaign(asking(), campaign.id)
    stream = Stream(web, campaign.id, a_key(None))
    name, look = stream.event()
    assert (name, look["status"]) == ("end", "cancelled")


def test_an_account_has_so_many_streams_and_a_client_that_leaves_frees_its_place(web, started):
    campaign_id, key = started
    room = settings().web_streams_per_account
    streams = [Stream(web, campaign_id, key) for _ in range(room)]
    assert all(stream.event()[0] == "progress" for stream in streams)
    refused = Stream(web, campaign_id, key).response
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    assert json.loads(refused.read())["error"]["code"] == "STREAMS_BUSY"
    streams[0].close()
    # Only a write, of a change or the heartbeat, shows that the client has left.
    wait_until(lambda: events.slots.total() < room, "the place is free again")
    assert Stream(web, campaign_id, key).event()[0] == "progress"
