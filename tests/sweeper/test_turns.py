"""Accounts with due campaigns take turns: one waits for the other accounts, and not for how much they have."""

from math import inf

import pytest
from structlog.testing import capture_logs

from dispatch.campaigns.reading import read_campaign
from dispatch.queues import PREPARE, queue
from dispatch.runs.push import push_due
from dispatch.start.sweep import due_campaigns, sweep_due
from models.campaigns import blocking
from models.campaigns.due import DueCampaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from models.turns import Turns
from tests.factories import a_campaign, a_list, an_account, asking
from tests.sweeper.conftest import reread

pytestmark = pytest.mark.usefixtures("db", "redis", "configured")


def due(account, count: int, *, minutes: int = 1) -> list[int]:
    """Makes campaigns of one account due, the first of them this long ago and the others after it."""
    members = a_list(account, 1)
    ids = [a_campaign(account, list_id=members, due=True).id for _ in range(count)]
    for place, campaign_id in enumerate(ids):
        rows(
            "UPDATE campaign SET scheduled_at = now() - make_interval(mins => %s, secs => %s) WHERE id = %s",
            [minutes, -place, campaign_id],
        )
    return ids


def order(**chosen) -> list[int]:
    return [campaign.id for campaign in due_campaigns(asking(), until=inf, **chosen)]


def test_an_account_with_one_campaign_waits_for_one_of_an_account_with_many():
    many = due(an_account(), 40, minutes=30)
    [one] = due(an_account(), 1)
    assert order() == [many[0], one, *many[1:]]


def test_three_accounts_take_turns_also_over_the_pages_of_a_sweep(monkeypatch):
    monkeypatch.setenv("SCHEDULE_SWEEP_LIMIT", "2")
    reread()
    first, second, third = due(an_account(), 4, minutes=9), due(an_account(), 2, minutes=8), due(an_account(), 1)
    assert order() == [first[0], second[0], third[0], first[1], second[1], first[2], first[3]]


def test_a_campaign_that_comes_due_during_a_sweep_is_next_and_not_last(monkeypatch):
    monkeypatch.setattr("dispatch.start.sweep.LOOK_AGAIN_SEC", 0)
    many, stranger = due(an_account(), 5, minutes=30), an_account()
    sweep = due_campaigns(asking(), until=inf)
    begun = [next(sweep).id, next(sweep).id]
    [one] = due(stranger, 1)
    assert begun + [campaign.id for campaign in sweep] == [*many[:2], one, *many[2:]]


def test_a_campaign_that_could_not_start_comes_behind_those_that_were_never_tried():
    account = an_account()
    tried, *others = due(account, 3, minutes=30)
    blocking.block(tried, "INSUFFICIENT_CREDITS")
    rows("UPDATE campaign SET next_check_at = now() - interval '1 second' WHERE id = %s", [tried])
    [stranger] = due(an_account(), 1)
    assert order() == [others[0], stranger, others[1], tried]


def test_blocked_campaigns_of_one_account_do_not_keep_others_waiting_however_old_they_are():
    blocked = due(an_account(), 30, minutes=300)
    rows("UPDATE campaign SET blocked_reason = 'SEGMENT', next_check_at = now() WHERE id = ANY(%s)", [blocked])
    [stranger] = due(an_account(), 1)
    assert order()[0] == stranger


def test_an_account_whose_campaigns_took_long_comes_after_the_others_of_the_same_turn():
    turns, slow, quick = Turns(), an_account(), an_account()
    costly, cheap = due(slow, 3, minutes=30), due(quick, 5)
    turns.took(slow.id, 8.2)
    # Eight seconds and the campaign itself are nine turns.
    assert order(turns=turns) == [*cheap, *costly]


def test_what_an_account_had_is_forgotten_in_time():
    turns, account = Turns(), an_account()
    turns.took(account.id, 8.2)
    counted = []
    while turns.had()["had_accounts"]:
        counted += turns.had()["had_turns"]
        turns.fade()
    assert counted == [9, 4, 2, 1]


def test_a_sweep_remembers_who_took_long_in_the_one_before(monkeypatch):
    slow, quick = an_account(), an_account()
    due(slow, 2, minutes=30)
    took = Turns.took
    monkeypatch.setattr(
        Turns, "took", lambda self, account, seconds: took(self, account, 60 if account == slow.id else 0)
    )
    assert [each.organization_id for each in sweep_due(asking()).campaigns] == [slow.id, slow.id]
    due(slow, 1, minutes=30)
    due(quick, 1)
    assert [each.organization_id for each in sweep_due(asking()).campaigns] == [quick.id, slow.id]


def test_jobs_for_due_campaigns_are_pushed_in_turns():
    many = due(an_account(), 3, minutes=30)
    [one] = due(an_account(), 1)
    assert [each.campaign_id for each in push_due(asking()).campaigns] == sorted([*many, one])
    assert [int(job_id.split("-")[1]) for job_id in queue(PREPARE).job_ids] == [many[0], one, many[1], many[2]]


def test_no_more_jobs_are_pushed_than_may_wait_and_the_next_run_goes_on(monkeypatch):
    monkeypatch.setattr("dispatch.runs.push.MOST_WAITING", 3)
    many = due(an_account(), 5, minutes=30)
    [one] = due(an_account(), 1)
    with capture_logs() as logged:
        assert [each.campaign_id for each in push_due(asking()).campaigns] == sorted([many[0], one, many[1]])
        assert push_due(asking()).campaigns == []
    said = [(line["pushed"], line["waiting"]) for line in logged if line["event"] == "run.left_to_the_next"]
    assert said == [(3, 0), (0, 3)]
    queue(PREPARE).empty()
    rows("UPDATE campaign SET status = 'draft', scheduled_at = NULL WHERE id = ANY(%s)", [[many[0], one, many[1]]])
    assert [each.campaign_id for each in push_due(asking()).campaigns] == many[2:]


def test_an_index_finds_what_is_due_among_many_campaigns_that_are_not():
    account = an_account()
    [campaign] = due(account, 1)
    rows(
        """INSERT INTO campaign (account_id, name, channel, template, status, scheduled_at, actor)
           SELECT account_id, 'later ' || i, channel, template, status, now() + interval '1 day', actor
           FROM campaign, generate_series(1, 20000) AS i WHERE id = %s""",
        [campaign],
    )
    rows("ANALYZE campaign")
    plans: list[str] = []

    def explained(sql, params, *, into):
        plans.extend(line["QUERY PLAN"] for line in rows(f"EXPLAIN {sql}", params))
        return []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("models.campaigns.due.rows", explained)
        DueCampaign.page(25, ALL_ACCOUNTS, seen=[], turns=Turns())
    assert any("campaign_due" in line for line in plans), plans
    assert read_campaign(asking(), campaign).status == "scheduled"
