"""What a client reads whose first start took effect and whose answer was lost, when it starts again without a key."""

import pytest

from tests.factories import a_campaign, arrange_state
from tests.stored import stored_rows

BODIES = {"enqueue": {}, "send": {"customer_ids": [1]}}


@pytest.mark.parametrize("action", BODIES)
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("preparing", "ALREADY_SENDING"),
        ("sending", "ALREADY_SENDING"),
        ("completed", "ALREADY_SENDING"),
        ("paused", "INVALID_STATUS"),
        ("cancelled", "INVALID_STATUS"),
    ],
)
def test_a_second_start_says_whether_the_first_goes_on_or_has_done_its_work(account, call, action, state, code):
    campaign = a_campaign(account, recipients=1)
    arrange_state(campaign.id, state, **({"paused_from": "sending"} if state == "paused" else {}))
    before = stored_rows()
    answer = call("POST", f"/api/campaigns/{campaign.id}/{action}", json=BODIES[action])
    assert (answer.status_code, answer.json["error"]["code"]) == (409, code)
    assert answer.json["error"]["details"] == {"status": state}
    assert stored_rows() == before


def test_a_second_start_of_a_completed_campaign_says_how_its_text_is_sent_again(account, call):
    campaign = a_campaign(account, recipients=1)
    arrange_state(campaign.id, "completed")
    message = call("POST", f"/api/campaigns/{campaign.id}/enqueue").json["error"]["message"]
    assert message == "The campaign has already been started, and has completed; to send its text again, copy it."
