"""A campaign through a provider that fails in every way at once, while strangers post receipts: judged by its log."""

import base64
import hmac
import random
from collections import Counter
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from flask import Flask, Response, request

from config.settings import settings
from config.simulated_phones import Phones
from dispatch.audit import audit
from dispatch.campaigns.lifecycle import resume_campaign
from dispatch.providers.choice import provider_for
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.phones import Behaviour
from dispatch.receipts.applying import apply_receipts
from dispatch.sending.courier import Courier
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.called_back import public_web
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.doubles.serving import Double, cut, never, serving, status
from tests.factories import a_campaign, a_list, an_account, asking
from tests.simulator import lines, simulator_beside
from tests.stored import campaign_row, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

PEOPLE, WINDOW = 150, 16
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": SECRET, "sender": "+15005550006"}


def forwarding_to(url):
    """Returns an app that passes what it is asked on to this address."""
    app = Flask(__name__)

    @app.post("/<path:path>")
    def forward(path):
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type")}
        with urlopen(Request(f"{url}/{path}", request.get_data(), headers)) as answer:
            return Response(answer.read(), answer.status, content_type="application/json")

    return app


def accepted(then):
    """Returns a fault that comes after the provider has accepted the message."""

    def fail(app):
        app.view_functions["forward"](**request.view_args)
        return then(app)

    return fail


def passed_on(app):
    return None


def faults(double):
    """Returns what becomes of one call after another: three kinds of lost answers, a storm of 429, a revoked token."""
    lost = [accepted(status(500)), cut, passed_on, passed_on, passed_on, passed_on]
    mixed = [*lost * 10, *(accepted(never(double)) for _ in range(2))]
    random.Random(12).shuffle(mixed)
    return [*mixed, *[status(429, Retry_After="1")] * 40, *mixed[:30], *[status(401)] * (2 * WINDOW)]


def post_as_twilio(provider, campaign_id, n, said, *, token=SECRET, public):
    """Posts a receipt that is signed with this token, and returns the status of the answer."""
    url = f"{public}/hooks/twilio/{provider.id}/status?ref={campaign_id}-{n}"
    fields = {"MessageSid": f"SM{n}", "MessageStatus": said}
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
    try:
        with urlopen(Request(url, urlencode(fields).encode(), {"X-Twilio-Signature": signature})) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code


def applied_until(campaign_id, reached, what):
    def looked():
        rows("UPDATE receipt SET due_at = now() WHERE due_at IS NOT NULL")
        apply_receipts()
        return reached(states(campaign_id))

    try:
        wait_until(looked, what, seconds=60)
    except AssertionError as late:
        others = "SELECT n, state, reason, error_code, provider_id FROM message WHERE state NOT LIKE '%delivered'"
        raise AssertionError(f"{late}: {rows(others)}") from None


def sent_until(worker, campaign_id, wanted):
    def reached():
        worker.deliver(campaign_id, 0)
        return campaign_row(campaign_id)["status"] == wanted

    wait_until(reached, f"the campaign is {wanted}", seconds=60)


def test_no_one_gets_two_everything_ends_and_no_strangers_receipt_moves_anything(configure, tmp_path):
    configure(SEND_WINDOW=WINDOW, PROVIDER_TIMEOUT_SEC=2, RETRY_BASE_SEC=0.2)
    account, stranger = an_account(credits=1000), an_account()
    every_receipt = Behaviour(Phones(delivered=0.8, undelivered=0.2, doubled=1, shuffled=1, delay_ms=0), seed=1)
    with public_web(configure) as web, simulator_beside(tmp_path / "log", behaviour=every_receipt) as url:
        with serving(Double(forwarding_to(url))) as proxy:
            ours = a_provider(account, "main", "twilio", base_url=proxy.url, **TWILIO)
            theirs = a_provider(stranger, "theirs", "twilio", base_url=url, **TWILIO)
            a_route(account, "main")
            campaign_id = a_campaign(account, list_id=a_list(account, PEOPLE)).id
            enqueue_campaign(asking(), campaign_id)
            proxy.fail(*faults(proxy))
            worker = Courier(provider_for(settings()), settings())
            try:
                sent_until(worker, campaign_id, "paused")
                assert "401" in campaign_row(campaign_id)["reason"]
                proxy.faults.clear()
                resume_campaign(asking(), campaign_id)
                sent_until(worker, campaign_id, "completed")
            finally:
                worker.close()
        assert states(campaign_id)["unknown"] >= 20
        assert rows("SELECT FROM message WHERE deferrals > 0") != []
        for n in range(PEOPLE):
            assert post_as_twilio(ours, campaign_id, n, "read", token="forged", public=web.url) == 403
            assert post_as_twilio(theirs, campaign_id, n, "read", public=web.url) == 204
        applied_until(campaign_id, lambda found: set(found) == {"delivered", "undelivered"}, "everything is settled")
        ended = states(campaign_id)
        assert post_as_twilio(ours, campaign_id, 0, "sent", public=web.url) == 204
        applied_until(campaign_id, lambda found: found == ended, "what is repeated changes nothing")
    judged = Counter(line["to"] for line in lines(tmp_path / "log"))
    assert (len(judged), judged.most_common(1)[0][1]) == (PEOPLE, 1)
    assert rows("SELECT provider_id, times FROM refused_callback") == [{"provider_id": ours.id, "times": PEOPLE}]
    assert campaign_row(campaign_id)["status"] == "completed"
    assert audit(ALL_ACCOUNTS) == []
