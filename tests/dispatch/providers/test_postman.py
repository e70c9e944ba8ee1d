"""What the simulator posts on its own: each event once it is due, again when it is refused, in bounded numbers."""

import asyncio
import json

import pytest
from aiohttp import web

from dispatch.providers.simulator import postman as postman_module
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.plain import MOST_IN_ONE, plain_requests
from dispatch.providers.simulator.postman import CONNECTIONS, Postman, Taken
from tests.simulator import message


class Hook:
    """An address that is called back; `statuses` are its next answers, and then 204."""

    def __init__(self) -> None:
        self.bodies: list[list[dict[str, str]]] = []
        self.statuses: list[int] = []
        self.at_once = self.most_at_once = 0
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        self.bodies.append(await request.json())
        await asyncio.sleep(0)
        self.at_once -= 1
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    def told(self) -> list[str]:
        return [document["id"] for body in self.bodies for document in body]


def talk(act, **options):
    """Runs a coroutine with a postman and the hook that it calls."""

    async def run():
        hook = Hook()
        app = web.Application()
        app.router.add_post("/{name}", hook.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        postman = Postman(plain_requests, **options)
        try:
            return await act(postman, hook)
        finally:
            await postman.close()
            await runner.cleanup()

    return asyncio.run(asyncio.wait_for(run(), 60))


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def taken(hook, n=0):
    return Taken(message(n=n), f"sim-{n}", f"{hook.url}/status", f"{hook.url}/inbound")


def test_many_receipts_for_one_address_travel_together():
    async def act(postman, hook):
        for n in range(MOST_IN_ONE + 1):
            postman.take(taken(hook, n), [Event(0, "delivered")])
        await until(lambda: len(hook.told()) == MOST_IN_ONE + 1)
        assert sorted(map(len, hook.bodies)) == [1, MOST_IN_ONE]
        assert set(hook.told()) == {f"sim-{n}:delivered" for n in range(MOST_IN_ONE + 1)}
        await until(lambda: postman.stats()["posted"] == 2)

    talk(act)


def test_events_come_in_the_order_of_their_times_and_a_reply_at_its_own_address():
    async def act(postman, hook):
        postman.take(taken(hook), [Event(0.3, "reply", text="STOP"), Event(0, "delivered"), Event(0.15, "read")])
        await until(lambda: len(hook.told()) == 3)
        assert hook.told() == ["sim-0:delivered", "sim-0:read", "sim-0:reply"]
        assert hook.bodies[2] == [{"id": "sim-0:reply", "from": message().phone, "text": "STOP"}]

    talk(act)


def test_what_is_refused_is_posted_again_and_given_up_in_the_end(monkeypatch):
    monkeypatch.setattr(postman_module, "AGAIN_AFTER_SEC", (0, 0))

    async def act(postman, hook):
        hook.statuses = [503, 404]
        postman.take(taken(hook), [Event(0, "delivered")])
        await until(lambda: postman.stats()["posted"] == 1)
        assert hook.told() == ["sim-0:delivered"] * 3
        hook.statuses = [500] * 3
        postman.take(taken(hook, 1), [Event(0, "delivered")])
        await until(lambda: postman.stats()["given_up"] == 1)

    talk(act)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/status", "http://no such host/", "ftp://a/b", "http://[::1"])
def test_an_address_that_cannot_be_reached_disturbs_no_other(url, monkeypatch):
    monkeypatch.setattr(postman_module, "AGAIN_AFTER_SEC", ())

    async def act(postman, hook):
        postman.take(Taken(message(), "sim-x", url), [Event(0, "delivered")])
        await until(lambda: postman.stats()["given_up"] == 1)
        postman.take(taken(hook), [Event(0, "delivered")])
        await until(lambda: hook.told() == ["sim-0:delivered"])

    talk(act)


def test_no_more_wait_than_there_is_room_for():
    async def act(postman, hook):
        for n in range(10):
            postman.take(taken(hook, n), [Event(60, "delivered")])
        assert postman.stats() == {"waiting": 4, "posted": 0, "given_up": 0, "dropped": 6}

    talk(act, most=4)


def test_it_calls_over_few_connections_at_a_time():
    async def act(postman, hook):
        for n in range(100):
            address = Taken(message(n=n), f"sim-{n}", f"{hook.url}/{n}")
            postman.take(address, [Event(0, "delivered")])
        await until(lambda: len(hook.told()) == 100)
        assert hook.most_at_once <= CONNECTIONS

    talk(act)


def test_an_event_without_an_address_is_not_told():
    async def act(postman, hook):
        postman.take(Taken(message(), "sim-0", f"{hook.url}/status"), [Event(0, "reply", text="STOP")])
        assert postman.stats()["waiting"] == 0

    talk(act)


def test_a_receipt_names_the_message_and_why_it_did_not_arrive():
    request = plain_requests(
        [(Taken(message(n=3), "sim-3", "http://a/status"), Event(0, "undelivered", "filtered_as_spam"))]
    )[0]
    said = json.loads(request.body)[0]
    assert said.pop("at")
    assert said == {
        "id": "sim-3:undelivered",
        "provider_id": "sim-3",
        "reference": "1-3",
        "state": "undelivered",
        "error_code": "spam",
    }
