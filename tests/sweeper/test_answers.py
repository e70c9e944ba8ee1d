"""HELP is answered by real processes: posted to web, answered by a sweeper, and at most once when that is killed."""

import pytest

from embedded.server import free_port
from models.database import rows
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.misbehaving import answers
from tests.dispatch.receipts.answering import PHONE, USUAL, a_provider_at, posted, states, writes
from tests.dispatch.receipts.saying import callback
from tests.factories import a_key, an_account
from tests.processes import running
from tests.waiting import wait_until
from tests.web import running_web

pytestmark = pytest.mark.processes

ACCEPTS = answers("200 OK", b'{"id": "m-1"}')


@pytest.fixture
def account(db):
    return an_account(name="Acme")


def test_help_that_is_posted_to_web_is_answered_by_a_sweeper_while_redis_is_away(account, tmp_path):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with (
        serving(ACCEPTS) as server,
        running_web(tmp_path) as web,
        running("sweeper", log=tmp_path / "sweeper", REDIS_URL=nowhere) as sweeper,
    ):
        provider = a_provider_at(server.url, account)
        request = callback(provider, {"id": "a", "from": PHONE, "text": "Help!", "to": "+302101234567"})
        asked = web.ask("POST", f"/hooks/webhook/{provider.id}/inbound", body=request.body, headers=request.headers)
        assert asked.status == 204
        wait_until(lambda: states(account) == [("sent", None)], "the answer is recorded")
        [message] = posted(server)
        assert (message["to"], message["from"], message["body"]) == (PHONE, "+302101234567", USUAL)
        [shown] = web.ask("GET", "/api/replies", key=a_key(account)).json["data"]
        assert (shown["text"], shown["answer"], shown["answer_state"]) == ("Help!", USUAL, "sent")
        assert sweeper.stop() == 0, sweeper.log


def test_a_sweeper_that_is_killed_during_its_call_leaves_the_answer_unknown_and_it_is_not_sent_again(account, tmp_path):
    with serving(b"") as server:
        writes(a_provider_at(server.url, account), "HELP")
        with running("sweeper", log=tmp_path / "one") as one:
            wait_until(lambda: server.requests, "the call is made")
            one.kill()
        assert states(account) == [("sending", None)]
        rows("UPDATE reply_answer SET lease_until = now() - interval '1 second'")
        with running("sweeper", log=tmp_path / "two") as two:
            wait_until(lambda: states(account) == [("unknown", "lease_expired")], "the next sweeper ends it")
            writes(a_provider_at(server.url, account, "other"), "HELP", phone="+306922222222")
            wait_until(lambda: server.requests == 2, "the next sweeper answers others")
            assert two.stop() == 0, two.log
        assert [each["to"] for each in posted(server)] == [PHONE, "+306922222222"]


def test_a_sweeper_that_is_killed_before_its_claim_leaves_the_answer_to_the_next(account, tmp_path):
    with serving(ACCEPTS) as server:
        writes(a_provider_at(server.url, account), "HELP")
        with running("sweeper", log=tmp_path / "one") as one:
            one.kill()
        with running("sweeper", log=tmp_path / "two") as two:
            wait_until(lambda: states(account) == [("sent", None)], "the answer is recorded")
            assert two.stop() == 0, two.log
        assert server.requests == 1
