"""Receipts that did not come are asked for: late, slowly, a few times, and applied as if they had come."""

import json

import pytest

from config.simulated_phones import Phones
from dispatch.audit import audit
from dispatch.channels.providers import add_provider
from dispatch.errors import InvalidRequest
from dispatch.providers import Receipt
from dispatch.providers.link import ASK_AFTER_HOURS
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.phones import Behaviour
from dispatch.receipts import lookups
from dispatch.receipts.applying import apply_receipts
from dispatch.receipts.hooks import stored
from dispatch.receipts.lookups import ASKABLE, ask_for_receipts
from dispatch.start.enqueue import enqueue_campaign
from models.database import row, rows
from models.providers.receipt import Receipt as StoredReceipt
from models.providers.receipt_lookup import ROUNDS, ReceiptLookup
from models.tenancy import ALL_ACCOUNTS
from models.turns import Turns
from tests.called_back import sending
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import a_campaign, a_list, an_account, asking
from tests.racing import race
from tests.simulator import simulator_beside
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

SID = "AC" + "0" * 32
TWILIO = {"account_sid": SID, "auth_token": SECRET, "sender": "+15005550006"}


@pytest.fixture
def account(db):
    return an_account(credits=1000)


@pytest.fixture
def simulator(tmp_path):
    behaviour = Behaviour(Phones(delay_ms=0), seed=1)
    with simulator_beside(tmp_path / "accepted.jsonl", behaviour=behaviour) as url:
        yield url


def sent(account, url, *, hours_ago, kind="twilio", recipients=7, **given):
    """Sends a campaign to the forced numbers some hours ago, and returns its id; without PUBLIC_URL nothing comes."""
    provider = a_provider(account, "main", kind, base_url=url, **(given or TWILIO))
    a_route(account, "main")
    campaign = a_campaign(account, list_id=a_list(account, recipients, first_phone="+15005550010"))
    enqueue_campaign(asking(), campaign.id)
    with sending(campaign.id):
        pass
    age(campaign.id, hours_ago)
    return campaign.id, provider


def age(campaign_id, hours):
    """Makes the campaign, its messages and what is planned for it so many hours older."""
    for table, columns in {
        "campaign": ("started_at",),
        "message": ("sent_at", "lease_until"),
        "receipt_lookup": ("due_at",),
    }.items():
        moved = ", ".join(f"{name} = {name} - make_interval(secs => %(sec)s)" for name in columns)
        where = "id" if table == "campaign" else "campaign_id"
        rows(f"UPDATE {table} SET {moved} WHERE {where} = %(id)s", {"sec": hours * 3600, "id": campaign_id})


def asked():
    """Makes passes until nothing is due; returns for how many messages the provider was asked."""
    total = ask_for_receipts()  # or notes which batches there are
    while rows("SELECT FROM receipt_lookup WHERE due_at <= now()"):
        total += ask_for_receipts()
    apply_receipts()
    return total


def test_what_became_of_messages_without_a_receipt_is_asked_for_and_applied(account, simulator):
    campaign_id, _ = sent(account, simulator, hours_ago=7)
    assert states(campaign_id) == {"sent": 6, "unknown": 1}
    # The unknown one has no id at Twilio, so no one can ask for it.
    assert asked() == 6
    assert states(campaign_id) == {"delivered": 4, "undelivered": 1, "sent": 1, "unknown": 1}
    (missed,) = rows("SELECT reason, error_code FROM message WHERE state = 'undelivered'")
    assert missed["error_code"].startswith("300")
    assert missed["reason"] != "not_delivered"
    assert audit(ALL_ACCOUNTS) == []


def test_an_unknown_message_with_an_id_at_the_provider_is_asked_for(account, simulator):
    campaign_id, provider = sent(account, simulator, hours_ago=7)
    label = f"{provider.kind}:{provider.id}"
    known = row("SELECT provider_id FROM message WHERE campaign_id = %s AND n = 0", [campaign_id])["provider_id"]
    changed = "UPDATE message SET provider = %s, provider_id = %s WHERE campaign_id = %s AND state = 'unknown'"
    rows(changed, [label, known, campaign_id])
    rows("UPDATE message SET provider_id = NULL WHERE campaign_id = %s AND n = 0", [campaign_id])
    asked()
    assert "unknown" not in states(campaign_id)


def test_nothing_is_asked_for_before_its_time_or_after_three_days(account, simulator):
    early, _ = sent(account, simulator, hours_ago=ASK_AFTER_HOURS - 1)
    assert asked() == 0
    age(early, 70)
    assert asked() == 0
    assert states(early)["sent"] == 6


def test_a_provider_may_name_its_own_hours(account, simulator):
    sent(account, simulator, hours_ago=1.5, **TWILIO, ask_after_hours=1)
    assert asked() == 6


@pytest.mark.parametrize("hours", [0, -1, 49, "soon"])
def test_hours_that_make_no_sense_are_refused(account, hours):
    given = {"account_sid": SID, "auth_token": SECRET, "from": "+15005550006", "ask_after_hours": hours}
    with pytest.raises(InvalidRequest, match="ask_after_hours"):
        add_provider(asking(account.id), name="main", kind="twilio", given=given)


def test_what_still_has_no_receipt_is_asked_for_twice_again_and_then_left(account, simulator):
    campaign_id, _ = sent(account, simulator, hours_ago=7)
    assert asked() == 6
    found = []
    for hours in (18, 36, 12):
        age(campaign_id, hours)
        found.append(asked())
    assert found == [1, 1, 0]
    assert rows("SELECT round, due_at FROM receipt_lookup") == [{"round": len(ROUNDS), "due_at": None}]


def test_a_part_of_a_batch_is_asked_for_at_a_time(account, simulator, monkeypatch):
    campaign_id, _ = sent(account, simulator, hours_ago=7)
    monkeypatch.setattr(lookups, "MOST", 4)
    assert [ask_for_receipts() for _ in range(4)] == [0, 4, 2, 0]
    apply_receipts()
    assert states(campaign_id)["delivered"] == 4


def test_two_sweepers_never_ask_for_the_same_message(account, simulator):
    sent(account, simulator, hours_ago=7)
    ReceiptLookup.begin(ASKABLE, hours=6)
    parts = race(*[lambda: ReceiptLookup.take(ASKABLE, most=25, turns=Turns())] * 4)
    assert [len(part.messages) for part in parts if part] == [6]


def test_accounts_take_turns_however_many_messages_one_of_them_waits_for(account, simulator, monkeypatch):
    monkeypatch.setattr(lookups, "_turns", Turns())
    monkeypatch.setattr(lookups, "MOST", 1)
    theirs, _ = sent(account, simulator, hours_ago=9)
    assert [ask_for_receipts() for _ in range(2)] == [0, 1]
    mine, _ = sent(an_account(), simulator, hours_ago=7)
    assert [ask_for_receipts() for _ in range(2)] == [1, 1], "the first of these notes that there is another campaign"
    assert receipts() == {theirs: 2, mine: 1}


def test_one_that_dies_between_its_mark_and_the_calls_leaves_its_part_to_the_next_round(account, simulator):
    campaign_id, _ = sent(account, simulator, hours_ago=7)
    ReceiptLookup.begin(ASKABLE, hours=6)
    assert ReceiptLookup.take(ASKABLE, most=3, turns=Turns())
    rows("UPDATE receipt_lookup SET due_at = now()")
    assert asked() == 3
    age(campaign_id, 18)
    # The three of the dead one, of which one is the number without receipts.
    assert asked() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://127.0.0.1:9"},
        # 401, as when its token was replaced.
        {"settings": json.dumps({"account_sid": "AC" + "1" * 31 + "é", "from": "+15005550006"})},
    ],
    ids=["unreachable", "unusable"],
)
def test_a_provider_that_does_not_answer_is_asked_again_later_from_there(account, simulator, change):
    campaign_id, provider = sent(account, simulator, hours_ago=7)
    ((column, value),) = change.items()
    rows(f"UPDATE provider SET {column} = %s", [value])
    ask_for_receipts()
    ask_for_receipts()
    apply_receipts()
    assert states(campaign_id) == {"sent": 6, "unknown": 1}
    (waiting,) = rows("SELECT round, next_n, due_at > now() + interval '9 minutes' AS later FROM receipt_lookup")
    assert waiting == {"round": 0, "next_n": 0, "later": True}
    rows("UPDATE provider SET base_url = %s, settings = %s", [simulator, json.dumps(provider.settings)])
    age(campaign_id, 0.2)
    assert asked() == 6
    assert states(campaign_id)["delivered"] == 4


def test_the_receipt_that_comes_after_all_is_no_news(account, simulator):
    campaign_id, provider = sent(account, simulator, hours_ago=7)
    asked()
    known = row("SELECT provider_id FROM message WHERE campaign_id = %s AND n = 0", [campaign_id])["provider_id"]
    said = Receipt(f"{known}:delivered", "delivered", f"{campaign_id}-0", known)
    assert StoredReceipt.add(provider.id, [stored("twilio", said)]) == 0


def test_what_cannot_be_asked_is_not_looked_at(account, simulator):
    campaign_id, _ = sent(
        account, simulator, hours_ago=7, kind="kannel", username="acme", password=SECRET, sender="Acme"
    )
    assert asked() == 0
    assert rows("SELECT FROM receipt_lookup") == []
    assert states(campaign_id) == {"sent": 6, "unknown": 1}


def test_a_removed_providers_messages_and_those_of_a_deleted_campaign_do_no_harm(account, simulator):
    campaign_id, _ = sent(account, simulator, hours_ago=7)
    rows("DELETE FROM route")
    rows("UPDATE provider SET removed_at = now()")
    assert asked() == 6
    rows("UPDATE receipt_lookup SET due_at = now(), next_n = 0")
    rows("UPDATE message SET provider = 'twilio:99' WHERE campaign_id = %s", [campaign_id])
    assert ask_for_receipts() == 0


def receipts():
    """Returns how many receipts of each campaign are stored."""
    found = rows("SELECT campaign_id, count(*) AS receipts FROM receipt GROUP BY campaign_id")
    return {each["campaign_id"]: each["receipts"] for each in found}
