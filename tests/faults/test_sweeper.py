"""Due campaigns, from the sweep to the last recipient, with and without a crash of the sweeper."""

import pytest

from models.database import rows
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, an_account, customers
from tests.faults.campaigns import counts, judge, row_of
from tests.processes import end_by_force
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def test_a_due_campaign_starts_even_though_the_sweeper_was_killed(deployment):
    deployment.start()
    wait_until(lambda: {"sweeper"} & {alive.kind for alive in Heartbeat.living()}, "the sweeper runs")
    [victim] = deployment.sweepers()
    end_by_force(victim)
    campaign = a_campaign(an_account(credits=200), recipients=200, due=True)
    judge(deployment, campaign)
    assert victim not in wait_until(deployment.sweepers, "another sweeper lives")


def test_a_due_campaign_is_swept_and_every_kind_of_outcome_is_counted(deployment):
    account = an_account(credits=100)
    chosen = customers(account, 50)
    for ending in ("rejected 1", "throttled 2", "retryable 3", "answerless 4", "failing 5", "accepted 6", "slow 7"):
        chosen += customers(account, 1, first_phone=f"+1500555000{ending[-1]}")
    [opted_out] = customers(account, 1, first_phone="+306911111111")
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [opted_out])
    campaign = a_campaign(account, customer_ids=[*chosen, opted_out], due=True)
    deployment.start()
    wait_until(lambda: row_of(campaign).status == "sending" and _open(campaign) == 1, "only the throttled one waits")
    rows("UPDATE campaign SET expires_at = now() WHERE id = %s", [campaign.id])
    found = judge(deployment, campaign, unknown_at_most=3)
    assert found == {"sent": 51, "failed": 2, "unknown": 3, "skipped": 2}
    assert counts(campaign)["total"] == 58


def _open(campaign: dict) -> int:
    now = counts(campaign)
    return now["pending"] + now["sending"]
