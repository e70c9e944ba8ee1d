"""`doctor` over HTTP: an account sees its own campaigns, an operator everything."""

import pytest

from tests.factories import an_account
from tests.sending import started


@pytest.fixture
def ours(account, redis):
    account = an_account(credits=10)
    return account, started(account, recipients=1)


def test_an_account_sees_why_its_own_campaigns_do_not_move(as_account, ours):
    account, campaign_id = ours
    started(an_account(credits=10), recipients=1)
    answer = as_account(account)("GET", "/api/doctor")
    assert answer.status_code == 200
    assert {*answer.json} == {"ok", "campaigns", "campaigns_left_out", "installation"}
    [found] = answer.json["campaigns"]
    assert (found["id"], found["status"], found["moving"], found["ends_at"]) == (campaign_id, "sending", False, None)
    assert [reason["code"] for reason in found["reasons"]] == ["no_worker"]
    assert answer.json["ok"] is False


def test_an_account_is_told_nothing_of_the_installation_and_an_operator_is(as_account, ours):
    account, campaign_id = ours
    assert as_account(account)("GET", "/api/doctor").json["installation"] == []
    everything = as_account(None)("GET", "/api/doctor").json
    assert [each["id"] for each in everything["campaigns"]] == [campaign_id]
    assert "no_sweeper" in [each["code"] for each in everything["installation"]]
    other = as_account(None)("GET", f"/api/doctor?organization_id={an_account().id}").json
    assert other["campaigns"] == []
    assert other["installation"] == everything["installation"]


def test_a_key_that_may_not_read_is_refused(as_account, ours):
    assert as_account(ours[0], scopes=["send"])("GET", "/api/doctor").json["error"]["code"] == "FORBIDDEN"
