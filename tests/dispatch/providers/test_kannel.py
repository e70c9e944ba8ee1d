"""Kannel, as it really is: what it takes, what reaches the operator's end, and what it reports."""

import asyncio
from contextlib import suppress

import pytest

from dispatch.providers import Answer, Callback
from dispatch.providers.kannel import Kannel, Settings
from dispatch.providers.link import Link
from dispatch.providers.sessions import LazySession
from tests.dispatch.providers.dialects import DIALECTS, KANNEL, KEY, outgoing
from tests.dispatch.providers.misbehaving import answers, misbehaving, says
from tests.dispatch.providers.real_kannel import INSTALLED, real_kannel, sent, talk
from tests.waiting import PATIENCE_SEC, wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not INSTALLED, reason="Debian's packages kannel and kannel-extras are not installed"),
]


@pytest.fixture(scope="module")
def kannel(tmp_path_factory):
    with real_kannel(tmp_path_factory.mktemp("kannel")) as running:
        yield running


@pytest.mark.parametrize("body", ["ΓΔ €5 @ é {x} àñ", "  two spaces around  ", "a+b%20c&d=e"])
def test_a_text_of_the_gsm_alphabet_arrives_as_it_was_written(kannel, body):
    assert sent(kannel, body) == Answer("accepted")
    wait_until(lambda: f"Acme +306912345678 text {body}" in kannel.received(), "the text has arrived")


def test_any_other_text_arrives_in_ucs2(kannel):
    assert sent(kannel, "Γειά 👋").outcome == "accepted"
    wait_until(
        lambda: "Acme +306912345678 ucs-2 %03%93%03%B5%03%B9%03%AC%00+%D8%3D%DCK" in kannel.received(), "it has arrived"
    )


def test_a_long_text_is_one_message_of_several_parts(kannel):
    assert sent(kannel, "G" * 400).outcome == "accepted"
    wait_until(lambda: sum("udh %05%00%03" in each for each in kannel.received()) >= 3, "three parts have arrived")


def test_a_wrong_password_halts_and_no_text_is_rejected(kannel):
    assert sent(kannel, "Hi", password="wrong") == Answer("halted", error_code="http_403")
    message = outgoing(DIALECTS["kannel"])._replace(phone="nobody")
    assert talk(kannel, lambda provider: provider.send(message)).outcome == "rejected"


def test_a_kannel_without_a_sender_for_us_halts(kannel):
    assert sent(kannel, "Hi", **{"from": None}) == Answer("halted", error_code="bad_settings")


def test_a_kannel_that_answers_before_its_bearerbox_accepts(tmp_path):
    with real_kannel(tmp_path, smsbox="immediate-sendsms-reply = true") as hasty:
        assert sent(hasty, "Hi") == Answer("accepted")
        assert sent(hasty, "G" * 400) == Answer("accepted")
        wait_until(lambda: "Acme +306912345678 text Hi" in hasty.received(), "the text has arrived")


def test_trying_it_out_sends_nothing(kannel):
    before = kannel.received()
    assert talk(kannel, Kannel.probe).ok
    assert not talk(kannel, Kannel.probe, password="wrong").ok
    assert kannel.received() == before


def is_delivered(hooks):
    return any("state=1&" in head for head, _ in hooks.seen)


async def delivered(hooks):
    while not is_delivered(hooks):
        await asyncio.sleep(0.01)


def test_a_delivery_report_names_the_message_and_is_verified(kannel):
    async def run():
        async with misbehaving(says(answers("200 OK"))) as hooks:
            session = LazySession(connections=4, timeout=10)
            link = Link("kannel:7", session, base_url=kannel.url, hooks_url=hooks.url, hook_keys=(KEY,))
            provider = Kannel(Settings.model_validate(KANNEL), link)
            async with asyncio.timeout(PATIENCE_SEC):
                # A busy Kannel loses a report that comes before it has noted the message; then another is sent.
                while not is_delivered(hooks):
                    assert await provider.send(outgoing(DIALECTS["kannel"], "report")) == Answer("accepted")
                    with suppress(TimeoutError):
                        await asyncio.wait_for(delivered(hooks), 10)
            await session.close()
            called = [Callback(hooks.url + head.split(" ")[1], {}, body) for head, body in hooks.seen]
            assert all(provider.verify(each) for each in called)
            return [receipt for each in called for receipt in provider.parse_receipts(each)]

    receipts = asyncio.run(run())
    assert {receipt.state for receipt in receipts} == {"sent", "delivered"}
    assert {receipt.reference for receipt in receipts} == {"7-0"}
