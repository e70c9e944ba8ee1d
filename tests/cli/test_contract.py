"""The command lines that scripts rely on, one by one, exactly as docs/cli.md shows them."""

from uuid import UUID

import pytest

from models.api_key import ApiKey
from models.database import row, rows
from models.states import MESSAGE_STATES
from tests.factories import a_campaign, a_list, an_account

pytestmark = pytest.mark.processes


@pytest.fixture
def cli(cli_process):
    """A separate process, because its output streams and exit status are the contract."""
    return cli_process


def test_account_create_answers_id_and_name(cli):
    made = cli("account", "create", "Acme", "--json").json
    assert made == {"id": str(UUID(made["id"])), "name": "Acme"}
    assert row("SELECT subscription_status, country FROM account") == {
        "subscription_status": "active",
        "country": None,
    }


def test_account_create_takes_a_country_and_no_subscription(cli):
    assert cli("account", "create", "Acme", "--no-subscription", "--country", "GR", "--json").status == 0
    assert row("SELECT subscription_status, country FROM account") == {"subscription_status": "none", "country": "GR"}


def test_account_list_answers_every_account_with_its_credits(cli):
    account = an_account(name="Acme", credits=7)
    [listed] = cli("account", "list", "--json").json
    assert (listed["id"], listed["name"]) == (str(account.id), "Acme")
    assert listed["credits"] == {"available": 7, "held": 0}


def test_key_create_answers_a_key_that_opens_its_account(cli):
    account = an_account(name="Acme")
    made = cli("key", "create", "--account", "Acme", "--scope", "read", "--json").json
    assert set(made) == {"id", "key"}
    holder = ApiKey.holder(made["key"])
    assert (holder.account_id, holder.scopes) == (account.id, ["read"])


def test_an_operators_key_belongs_to_no_account_and_stops_working_when_revoked(cli):
    made = cli("key", "create", "--operator", "--json").json
    assert ApiKey.holder(made["key"]).operator
    assert cli("key", "revoke", made["id"], "--json").json == {"id": made["id"], "revoked": True}
    assert ApiKey.holder(made["key"]) is None


def test_credits_topup_answers_the_new_balance_and_show_the_same(cli):
    an_account(name="Acme", credits=5)
    topped_up = cli("credits", "topup", "--account", "Acme", "--amount", 100, "--json").json
    assert topped_up == cli("credits", "show", "--account", "Acme", "--json").json == {"available": 105, "held": 0}


@pytest.mark.parametrize(
    ("options", "status"), [((), "draft"), (("--schedule", "2090-01-31T09:00:00+02:00"), "scheduled")]
)
def test_campaign_create_answers_id_and_status(cli, options, status):
    a_list(an_account(name="Acme"), 3, name="spring")
    words = ("--account", "Acme", "--name", "N", "--list", "spring", "--template", "Hi {first_name}")
    assert cli("campaign", "create", *words, *options, "--json").json == {"id": 1, "status": status}


def test_campaign_create_takes_a_channel_and_chosen_customers(cli):
    a_list(an_account(name="Acme"), 3)
    words = ("--account", "Acme", "--name", "N", "--customers", "1, 3", "--channel", "whatsapp", "--template", "Hi")
    made = cli("campaign", "create", *words, "--json").json
    assert row("SELECT channel, audience_kind FROM campaign") == {"channel": "whatsapp", "audience_kind": "customers"}
    chosen = rows("SELECT customer_id FROM campaign_customer WHERE campaign_id = %s ORDER BY 1", [made["id"]])
    assert [each["customer_id"] for each in chosen] == [1, 3]


def test_campaign_enqueue_and_show_answer_status_and_counts(cli):
    campaign = a_campaign(an_account(), recipients=3)
    started = cli("campaign", "enqueue", campaign.id, "--json").json
    stats = dict.fromkeys(MESSAGE_STATES, 0) | {"total": 3, "pending": 3}
    assert started == {"id": campaign.id, "status": "sending", "stats": stats, "queued": 3, "enqueued_jobs": 1}
    shown = cli("campaign", "show", campaign.id, "--json").json
    assert {key: shown[key] for key in ("id", "status", "stats")} == {
        "id": campaign.id,
        "status": "sending",
        "stats": stats,
    }


def test_a_campaign_is_scheduled_paused_resumed_and_cancelled(cli):
    campaign = a_campaign(an_account(), recipients=3).id
    scheduled = cli("campaign", "schedule", campaign, "2090-01-31T07:00:00Z", "--json").json
    assert (scheduled["status"], scheduled["scheduled_at"]) == ("scheduled", "2090-01-31T07:00:00+00:00")
    assert cli("campaign", "pause", campaign, "--reason", "a typo", "--json").json["status"] == "paused"
    assert cli("campaign", "show", campaign, "--json").json["reason"] == "a typo"
    assert cli("campaign", "resume", campaign, "--json").json["status"] == "scheduled"
    assert cli("campaign", "cancel", campaign, "--json").json["status"] == "cancelled"
    assert cli("campaign", "watch", campaign, "--json").json["status"] == "cancelled"


def test_campaign_list_answers_an_array_newest_first(cli):
    account = an_account(name="Acme")
    first, second = a_campaign(account, recipients=1), a_campaign(account)
    a_campaign(an_account())
    listed = cli("campaign", "list", "--account", "Acme", "--json").json
    assert [each["id"] for each in listed] == [second.id, first.id]


def test_sweep_once_starts_what_is_due_for_the_named_account(cli):
    ours, theirs = an_account(name="Acme"), an_account()
    due, broke = a_campaign(ours, recipients=2, due=True), a_campaign(ours, due=True)
    a_campaign(theirs, recipients=2, due=True)
    report = cli("sweep", "--once", "--account", "Acme", "--json").json
    assert report["processed_count"] == 2
    assert [(each["campaign_id"], each["new_status"]) for each in report["campaigns"]] == [(due.id, "sending")]
    assert [(each["campaign_id"], each["error"]) for each in report["errors"]] == [(broke.id, "NO_TARGET_AUDIENCE")]


def test_audit_is_ok_and_says_so_with_status_0(cli):
    answer = cli("audit", "--json")
    assert (answer.status, answer.json) == (0, {"ok": True, "violations": []})


def test_audit_names_what_is_broken_and_exits_1(cli):
    campaign = a_campaign(an_account(), recipients=3)
    rows("UPDATE campaign SET recipients = 3 WHERE id = %s", [campaign.id])
    answer = cli("audit", "--json")
    assert answer.status == 1
    assert not answer.json["ok"]
    assert ("I3", [str(campaign.id)]) in [(each["invariant"], each["ids"]) for each in answer.json["violations"]]
