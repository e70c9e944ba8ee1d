"""`trace`: the story of one message at the terminal and over HTTP's JSON."""

import time
from datetime import UTC, datetime

from tests.factories import a_campaign, an_account
from tests.sending import start_and_deliver


def test_a_message_is_told_in_lines_and_as_json(cli, db, redis):
    campaign = a_campaign(an_account(credits=100), recipients=2)
    start_and_deliver(campaign, reject=["+306900000000"])
    shown = cli("trace", f"{campaign.id}-0").stdout
    assert "It is failed: rejected, no_such_number." in shown
    assert "request_id test" in shown
    told = cli("trace", f"{campaign.id}-1", "--json").json
    assert (told["id"], told["state"], told["request_id"]) == (f"{campaign.id}-1", "sent", "test")
    assert [step["event"] for step in told["steps"]][-1] == "message.sent"


def test_its_times_are_those_of_the_log_lines_in_utc_wherever_the_machine_is(cli, db, redis, monkeypatch, request):
    campaign = a_campaign(an_account(credits=100), recipients=1)
    start_and_deliver(campaign)
    request.addfinalizer(time.tzset)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        shown = cli("trace", f"{campaign.id}-0").stdout
    told = cli("trace", f"{campaign.id}-0", "--json").json
    at = datetime.fromisoformat(told["steps"][-1]["at"]).astimezone(UTC)
    assert f"{at:%Y-%m-%d %H:%M:%S}Z" in shown


def test_what_is_no_message_is_refused(cli, db):
    for reference in ("7", "7-0", "first"):
        refused = cli("trace", reference, "--json")
        assert (refused.status, refused.error["code"]) == (1, "RESOURCE_NOT_FOUND")
