"""What a scrape says: who may ask, and what the rows, Redis and the web processes know."""

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.redis import counting
from config.settings import settings
from dispatch.metrics import tally
from dispatch.queues import push_process
from dispatch.start.sweep import sweep_due
from models.database import rows
from models.heartbeat import Heartbeat
from tests.api.metrics.conftest import TOKEN
from tests.api.metrics.scraping import PREFIX
from tests.factories import a_campaign, an_account, asking
from tests.sending import answering, claimed_by_no_one_left, deliver, end_leases, started


def test_an_operators_key_may_scrape_and_nobody_else_without_the_token(client, as_account):
    assert as_account(None)("GET", "/metrics").status_code == 200
    for headers in ({}, {"Authorization": "Bearer nobody-has-this-key"}, {"Authorization": f"Bearer {TOKEN}"}):
        refused = client.get("/metrics", headers=headers)
        assert (refused.status_code, refused.json["error"]["code"]) == (401, "UNAUTHENTICATED")
    refused = as_account(an_account())("GET", "/metrics")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "FORBIDDEN")


def test_the_token_opens_nothing_else(scraped, client):
    assert scraped()
    assert client.get("/api/campaigns", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401


def test_it_is_no_part_of_the_apis_document(document):
    assert "/metrics" not in document["paths"]


def test_everything_is_named_and_explained_as_prometheus_wants_it(scraped):
    families = list(text_string_to_metric_families(scraped()))
    assert families
    for family in families:
        assert family.name.startswith(PREFIX)
        assert family.documentation.endswith(".")
        assert family.type != "unknown"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's package prometheus) is not installed")
def test_promtool_finds_nothing_to_say(scraped):
    checked = subprocess.run(["promtool", "check", "metrics"], input=scraped(), capture_output=True, text=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_a_campaign_on_its_way_is_seen_in_its_counts(values):
    assert values()("open_messages", state="pending") == 0
    account = an_account(credits=100)
    campaign_id = started(account, recipients=3)
    before = values()
    assert before("open_messages", state="pending") == 3
    assert before("open_campaigns", status="sending") == 1
    assert before("credits_held") == 3
    deliver(answering(lose=[rows("SELECT phone FROM message ORDER BY n LIMIT 1")[0]["phone"]]), campaign_id)
    after = values()
    assert after("open_messages", state="unknown") == 1
    assert after("open_messages", state="pending") == 0
    assert after("credits_held") == 1


def test_a_campaign_that_is_settled_is_not_counted_any_more(values):
    deliver(answering(), started(recipients=3))
    assert values()("open_messages", state="sent") == 0


def test_a_lease_that_has_ended_is_seen_before_recovery_looks(values):
    claimed_by_no_one_left(started(recipients=3), 2)
    assert values()("overdue_leases") == 0
    end_leases()
    assert values()("overdue_leases") == 2


def test_due_campaigns_are_counted_with_how_long_the_first_has_waited(values):
    assert values()("oldest_due_seconds") == 0
    account = an_account()
    a_campaign(account, recipients=1, due=True)
    a_campaign(account, recipients=1)
    blocked = a_campaign(account, recipients=1, due=True)
    rows("UPDATE campaign SET next_check_at = now() + interval '1 hour' WHERE id = %s", [blocked.id])
    told = values()
    assert (told("due_campaigns"), told("set_aside_campaigns")) == (1, 1)
    assert 60 <= told("oldest_due_seconds") < 3600


def test_a_sweep_is_counted_with_what_it_did_and_when_it_ended(values):
    account = an_account(credits=1)
    assert values()("last_sweep_age_seconds") is None
    a_campaign(account, recipients=1, due=True)
    a_campaign(account, recipients=5, due=True)
    sweep_due(asking())
    told = values()
    assert told("sweeps_total", outcome="finished") == 1
    assert told("swept_campaigns_total", outcome="started") == 1
    assert told("swept_campaigns_total", outcome="refused") == 1
    assert told("swept_campaigns_total", outcome="locked") == 0
    assert 0 <= told("last_sweep_age_seconds") < 60


def test_waiting_jobs_are_counted_by_queue(values):
    push_process(1, an_account().id)
    told = values()
    assert (told("queue_jobs", queue="prepare"), told("queue_jobs", queue="send")) == (1, 0)


def test_living_processes_are_counted_and_a_queue_without_one_is_zero(values):
    Heartbeat.beat("worker-1", "worker", "send")
    Heartbeat.beat("worker-2", "worker", "send")
    Heartbeat.beat("sweeper-1", "sweeper")
    rows("UPDATE heartbeat SET beat_at = now() - interval '31 s' WHERE name = 'worker-2'")
    told = values()
    assert told("living_processes", kind="worker", queue="send") == 1
    assert told("living_processes", kind="worker", queue="house") == 0
    assert told("living_processes", kind="sweeper", queue="") == 1


def test_the_emptiest_bucket_of_each_kind_of_provider_is_shown(values, redis):
    redis.hset("rate:twilio:3:Acme", mapping={"level": "7.5", "share": "1"})
    redis.hset("rate:twilio:4:", mapping={"level": "2", "share": "0.25"})
    redis.hset("rate:twilio:4::day", mapping={"480000": "5"})
    told = values()
    assert told("rate_limited_senders", provider="twilio") == 2
    assert told("rate_bucket_tokens", provider="twilio") == 2
    assert told("rate_share_ratio", provider="twilio") == 0.25


def test_what_others_wrote_into_redis_is_not_believed(values, redis):
    redis.hset("rate:twilio:3:Acme", "level", "much")
    redis.set("rate:vonage:1:", "no hash")
    redis.set(tally.SWEPT_AT, "yesterday")
    redis.hset(tally.KEY, mapping={"sweeps:finished": "many", "sweeps:+306900000000": "1"})
    redis.set("rq:queue:send", "no list")
    told = values()
    assert told("up", server="redis") == 1
    assert told("last_sweep_age_seconds") is None
    assert told("sweeps_total", outcome="finished") == 0
    assert told("queue_jobs", queue="send") == 0


def test_requests_are_counted_by_route_and_never_by_address(values, client):
    before = values()
    client.get("/api/campaigns/12345")
    client.get("/wp-login.php")
    client.open("/api/campaigns", method="BREW")
    after = values()

    def more(**labels: str) -> float:
        return (after("http_requests_total", **labels) or 0) - (before("http_requests_total", **labels) or 0)

    assert more(method="GET", route="/api/campaigns/<campaign_id>", status="401") == 1
    assert more(method="GET", route="unknown", status="404") == 1
    assert more(method="unknown", route="unknown", status="405") == 1


def test_the_numbers_of_a_scrape_do_not_name_accounts_or_people(scraped):
    account = an_account(name="Very Secret Ltd")
    deliver(answering(), started(account, recipients=2))
    text = scraped()
    assert str(account.id) not in text
    assert "Secret" not in text
    assert "+3069" not in text


def test_counting_goes_on_without_redis(configure):
    configure(REDIS_URL="redis://127.0.0.1:1")
    tally.add({"sweeps": {"finished": 1}})
    tally.note_sweep()
    with counting(settings()) as client, pytest.raises(Exception, match="onnect"):
        client.ping()
