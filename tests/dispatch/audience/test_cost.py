"""A segment that takes too long to find is refused wherever it is asked for, and nothing else has its time limit."""

import pytest

from dispatch import queues
from dispatch.audience import cost
from dispatch.audience.cost import bounded
from dispatch.audience.filter import read_filter
from dispatch.audience.members import Audience, size_of
from dispatch.audience.previews import preview_filter, preview_segment
from dispatch.audience.segments import create_segment
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.previews import preview_audience
from dispatch.errors import SegmentTooHeavy
from dispatch.start import sweep
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.sweep import sweep_due
from jobs.process import process_campaign
from models.database import db as database
from models.database import row, rows, scalar
from tests.factories import a_campaign, an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")

CONDITIONS = [{"field": f"attributes.n{n}", "operator": "gt", "value": 1} for n in range(50)]
HEAVY = read_filter({"logic": "or", "conditions": CONDITIONS})


@pytest.fixture
def account():
    account = an_account(country="GR", credits=10_000)
    customers(account, 3_000)
    rows("""UPDATE customer SET attributes = (SELECT jsonb_object_agg('n' || n, '1') FROM generate_series(0, 49) n)""")
    return account


@pytest.fixture
def heavy(account):
    return create_segment(asking(account.id), name="heavy", filter=HEAVY).id


@pytest.fixture
def no_time(monkeypatch):
    """Every statement over the customers of a segment takes longer than it may."""
    monkeypatch.setattr(cost, "MAX_MILLISECONDS", 1)


def test_previews_counts_plans_and_starts_refuse_it(account, heavy, no_time):
    campaign = a_campaign(account, segment_id=heavy)
    mine = asking(account.id)
    for ask in (
        lambda: preview_filter(mine, HEAVY),
        lambda: preview_segment(mine, heavy),
        lambda: preview_audience(mine, campaign.id),
        lambda: plan_campaign(mine, campaign.id),
        lambda: enqueue_campaign(mine, campaign.id),
    ):
        with pytest.raises(SegmentTooHeavy, match="fewer or simpler"):
            ask()
    assert row("SELECT status FROM campaign WHERE id = %s", [campaign.id]) == {"status": "draft"}


def test_a_due_campaign_waits_with_it_as_its_reason_and_starts_when_it_is_lighter(account, heavy, monkeypatch):
    campaign = a_campaign(account, segment_id=heavy, due=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "MAX_MILLISECONDS", 1)
        assert sweep_due(asking()).processed_count == 0
        process_campaign(campaign.id)
    found = row("SELECT status, blocked_reason FROM campaign WHERE id = %s", [campaign.id])
    assert found == {"status": "scheduled", "blocked_reason": "SEGMENT_TOO_HEAVY"}


def test_a_sweep_leaves_a_heavy_campaign_to_one_job_and_goes_on_to_others(account, heavy, redis, monkeypatch):
    monkeypatch.setattr(sweep, "HURRIED_MILLISECONDS", 1)
    rows("""UPDATE customer SET attributes = attributes || '{"n0": 2}' WHERE id = (SELECT min(id) FROM customer)""")
    slow = a_campaign(account, segment_id=heavy, due=True)
    quick = a_campaign(an_account(), recipients=3, due=True)
    report = sweep_due(asking())
    assert ([each.campaign_id for each in report.campaigns], report.errors) == ([quick.id], [])
    assert sweep_due(asking()).processed_count == 0
    assert queues.queued_processes() == {slow.id}
    assert len(queues.queue("prepare").job_ids) == 1
    assert row("SELECT status, blocked_reason FROM campaign WHERE id = %s", [slow.id]) == {
        "status": "scheduled",
        "blocked_reason": None,
    }
    process_campaign(slow.id)
    assert row("SELECT status FROM campaign WHERE id = %s", [slow.id])["status"] in ("preparing", "sending")


def test_an_audience_without_conditions_has_no_such_limit(account, no_time):
    everyone = Audience(account_id=account.id, campaign_id=None, kind="everyone")
    assert size_of(everyone).total == 3_000


def test_what_comes_before_and_after_in_the_transaction_keeps_its_own_limit(account, heavy):
    segment = Audience(account_id=account.id, campaign_id=None, kind="segment", segment_id=heavy)
    before = scalar("SHOW statement_timeout")
    with database.atomic():
        with bounded(segment):
            assert scalar("SHOW statement_timeout") == "10s"
        assert scalar("SHOW statement_timeout") == before
    assert scalar("SHOW statement_timeout") == before


def test_a_refusal_inside_a_transaction_leaves_the_rest_of_it(account, heavy, monkeypatch):
    segment = Audience(account_id=account.id, campaign_id=None, kind="segment", segment_id=heavy)
    before = scalar("SHOW statement_timeout")
    monkeypatch.setattr(cost, "MAX_MILLISECONDS", 1)
    with database.atomic():
        with pytest.raises(SegmentTooHeavy):
            size_of(segment)
        assert scalar("SHOW statement_timeout") == before
        assert scalar("SELECT count(*) FROM customer") == 3_000
