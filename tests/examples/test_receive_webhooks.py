"""examples/receive_webhooks.py takes what is signed, once, and nothing else."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dispatch.webhooks.webhooks import add_webhook, replay_deliveries
from models.database import rows
from tests.dispatch.webhooks.telling import deliveries, tell, wait_is_over
from tests.factories import an_account, asking
from tests.ports import held_port
from tests.sending import answering, deliver, started
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "receive_webhooks.py"


@pytest.fixture
def account(db):
    return an_account(credits=100)


@pytest.fixture
def port():
    with held_port() as port:
        yield port


@pytest.fixture
def webhook(account, port, configure):
    configure(PRIVATE_NETWORKS="127.0.0.0/8")
    return add_webhook(asking(account.id), url=f"http://127.0.0.1:{port}/hooks")


@pytest.fixture
def printed(webhook, port, tmp_path):
    """Runs the example and returns what reads the lines that it has printed."""
    output = tmp_path / "printed"
    with output.open("wb") as file:
        environment = os.environ | {"WEBHOOK_SECRET": webhook.secret, "PORT": str(port)}
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLE)], env=environment, stdout=file, stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: answers(port), "it listens")
            yield lambda: output.read_text().splitlines()
        finally:
            process.kill()
            process.wait()


def answers(port, **headers):
    """Returns the status with which it answers a request with these headers; None while it does not listen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/hooks", b"{}", named)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


def test_it_prints_each_event_once_also_when_it_comes_again(account, webhook, printed):
    campaign_id = started(account, recipients=2)
    deliver(answering(), campaign_id)
    expected = [
        f"campaign.completed {campaign_id}",
        f"campaign.started {campaign_id}",
        f"message.sent ['{campaign_id}-0', '{campaign_id}-1']",
    ]
    wait_until(lambda: all_delivered() and len(printed()) == len(expected), "every event is printed")
    assert sorted(printed()) == expected
    ids = [each["id"] for each in rows("SELECT id FROM webhook_delivery")]
    replay_deliveries(asking(account.id), webhook.id, delivery_ids=ids)
    wait_until(all_delivered, "everything is sent again")
    assert sorted(printed()) == expected


def all_delivered():
    """Sends what there is, also what a busy machine has kept from being sent, and returns whether nothing is left."""
    wait_is_over()
    tell()
    return {each["state"] for each in deliveries()} == {"delivered"}


@pytest.mark.parametrize("stamp", ["", "soon", "²", "0", "now"])
def test_it_refuses_what_is_not_signed(printed, port, stamp):
    stamp = str(int(time.time())) if stamp == "now" else stamp
    assert answers(port, webhook_id="evt_1", webhook_timestamp=stamp.encode(), webhook_signature="v1,AAAA") == 401
    assert printed() == []


def test_a_negative_length_does_not_make_it_read_without_end(printed, port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /hooks HTTP/1.1\r\nHost: shop\r\nContent-Length: -1\r\n\r\n")
        assert b" 401 " in connection.recv(1000).partition(b"\r\n")[0]
