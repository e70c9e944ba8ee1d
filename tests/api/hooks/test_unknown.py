"""A person decides over HTTP what becomes of messages that may have been sent."""

from dispatch.providers import Answer
from tests.dispatch.receipts.saying import a_webhook_provider, sent
from tests.stored import states

LOST = [Answer("unknown")]


def test_unknown_messages_are_accepted_or_sent_again_once(account, call):
    campaign_id = sent(account, a_webhook_provider(account), recipients=3, _0=LOST, _1=LOST)
    path = f"/api/campaigns/{campaign_id}"
    listed = call("GET", f"{path}/messages?state=unknown").json["data"]
    assert [each["id"] for each in listed] == [f"{campaign_id}-0", f"{campaign_id}-1"]
    accepted = call("POST", f"{path}/unknown/accept", json={"numbers": [0]})
    assert (accepted.status_code, accepted.json) == (200, {"campaign_id": campaign_id, "accepted": 1})
    resend = {"json": {"numbers": [1]}, "headers": {"Idempotency-Key": "once"}}
    first = call("POST", f"{path}/unknown/resend", **resend)
    assert first.status_code == 202
    assert call("POST", f"{path}/unknown/resend", **resend).json["campaignId"] == first.json["campaignId"]
    assert states(campaign_id) == {"sent": 2, "failed": 1}
    refused = call("POST", f"{path}/unknown/resend", json={"numbers": [1]})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "INVALID_STATUS")
