"""A webhook is told which text each message has, and what was decided about those who were held back."""

import pytest

from dispatch.accounts.credits import top_up
from dispatch.links.addresses import links_of
from dispatch.links.clicks import target_of
from dispatch.start.preparation import continue_preparation
from dispatch.start.winners import send_winner
from dispatch.start.withholding import withhold_winner
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from dispatch.webhooks.webhooks import replay_deliveries
from models.database import rows
from tests.dispatch.receipts.answering import writes
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.dispatch.variants.comparing import comparing, decide, decisions, fall_due, sent
from tests.dispatch.webhooks.telling import BROWSER, a_webhook, tell
from tests.factories import asking
from tests.sending import answering, deliver, start_and_deliver, started
from tests.stored import campaign_row

LONG = [Variant(text=f"{word} {{first_name}}! " + "spring " * 30) for word in ("Hi", "Hello")]


@pytest.fixture
def decided(account, receiver):
    """Returns a way to read what was told of decisions."""
    a_webhook(account, receiver, events=[f"campaign.winner_{each}" for each in ("chosen", "withheld", "put_off")])

    def read():
        tell()
        in_order = sorted(receiver.told, key=lambda told: int(told[0].removeprefix("evt_")))
        return [(each["type"].removeprefix("campaign.winner_"), each["data"]) for _, each in in_order]

    return read


def test_each_message_is_told_with_the_number_of_its_text(account, webhook, receiver):
    campaign = start_and_deliver(comparing(account))
    tell()
    stored = rows("SELECT n, variant FROM message WHERE campaign_id = %s", [campaign.id])
    told = {
        each["id"]: each["variant"] for _, document in receiver.told for each in document["data"].get("messages", ())
    }
    assert told == {f"{campaign.id}-{each['n']}": each["variant"] for each in stored}
    assert set(told.values()) == {1, 2, None}, "those who are held back have none"


def test_messages_of_a_campaign_with_one_text_have_no_number(account, webhook, receiver):
    deliver(answering(), started(account, recipients=1))
    tell()
    [told] = [each["data"]["messages"] for _, each in receiver.told if each["type"] == "message.sent"]
    assert [each["variant"] for each in told] == [None]


def test_clicks_and_replies_are_told_with_the_text_that_the_person_has(account, webhook, receiver, configure):
    configure(PUBLIC_URL="https://go.example.com")
    provider = a_webhook_provider(account)
    variants = [Variant(text=f"{word} https://a.example") for word in ("Hi", "Hello")]
    campaign = start_and_deliver(
        comparing(account, variants=variants, track_links=True, hold_back=0, winner_rule=None, recipients=20)
    )
    people = rows("SELECT n, phone, variant FROM message WHERE campaign_id = %s ORDER BY n", [campaign.id])
    for person in people:
        target_of(links_of(account.id).code(campaign.id, person["n"], 1), method="GET", headers=BROWSER)
        writes(provider, "Yes", phone=person["phone"])
    tell()
    by_phone = {person["phone"]: person["variant"] for person in people}
    assert set(by_phone.values()) == {1, 2}
    for kind in ("message.clicked", "reply.received"):
        data = [each["data"] for _, each in receiver.told if each["type"] == kind]
        assert {each["phone"]: each["variant"] for each in data} == by_phone


def test_a_reply_to_nothing_has_no_text(account, webhook, receiver):
    writes(a_webhook_provider(account), "Hello?")
    tell()
    [told] = [each["data"] for _, each in receiver.told if each["type"] == "reply.received"]
    assert (told["message_id"], told["variant"]) == (None, None)


def test_what_a_rule_chose_is_told_once_with_the_figures_by_which_it_did(account, decided):
    campaign = sent(account)
    assert decided() == []
    fall_due(campaign.id)
    [child_id] = decide()
    decide()
    [(kind, data)] = decided()
    [kept] = decisions()
    assert kind == "chosen"
    assert (data["campaign_id"], data["name"], data["parent_id"]) == (campaign.id, campaign.name, None)
    assert (data["variant"], data["child_id"], data["withheld"], data["by_rule"]) == (2, child_id, None, True)
    assert (data["measure"], data["verdict"], data["figures"]) == ("delivered", kept["verdict"], kept["figures"])
    assert data["stats"]["total"] == 80


def test_what_a_person_chose_is_told_as_theirs(account, decided):
    campaign = sent(account)
    child_id = send_winner(asking(), campaign.id, 1).campaign_id
    [(kind, data)] = decided()
    assert (kind, data["variant"], data["child_id"], data["by_rule"]) == ("chosen", 1, child_id, False)


def test_that_nothing_could_be_told_is_told(account, decided):
    campaign = sent(account, delivered=(50, 55))
    fall_due(campaign.id)
    assert decide() == []
    [(kind, data)] = decided()
    assert (kind, data["variant"], data["child_id"], data["withheld"]) == ("withheld", None, None, "too_early")
    assert data["verdict"].startswith("Too early")


@pytest.mark.parametrize(("for_good", "why"), [(False, "stopped"), (True, "closed")])
def test_that_a_person_withheld_it_is_told(account, decided, for_good, why):
    withhold_winner(asking(), sent(account).id, for_good=for_good)
    [(kind, data)] = decided()
    assert (kind, data["variant"], data["withheld"], data["by_rule"]) == ("withheld", None, why, False)


def test_a_choice_that_could_not_start_is_told_and_then_what_became_of_it(account, decided, configure):
    campaign = sent(account, variants=LONG)
    rows("UPDATE account SET credits_available = 45 WHERE id = %s", [account.id])
    configure(ENQUEUE_INLINE_LIMIT=10)
    fall_due(campaign.id)
    [child_id] = decide()
    continue_preparation(child_id, campaign_row(child_id)["prep_token"])
    fall_due(campaign.id)
    decide()
    assert [(kind, data["child_id"]) for kind, data in decided()] == [("chosen", child_id), ("put_off", child_id)]
    assert decided()[-1][1]["reason"] == "INSUFFICIENT_CREDITS"
    top_up(asking(account.id), 10_000)
    fall_due(campaign.id)
    [again] = decide()
    assert [(kind, data["child_id"]) for kind, data in decided()][2:] == [("chosen", again)]


def test_a_choice_that_is_refused_at_once_is_not_told(account, decided):
    campaign = sent(account)
    rows("UPDATE account SET credits_available = 0 WHERE id = %s", [account.id])
    fall_due(campaign.id)
    assert decide() == []
    assert decided() == []


def test_a_child_names_its_parent(account, webhook, receiver):
    campaign = sent(account, winner_rule=WinnerRule(after_hours=1, by="delivered", if_too_early="leading"))
    child_id = send_winner(asking(), campaign.id, 1).campaign_id
    tell()
    told = {
        each["data"]["campaign_id"]: each["data"]["parent_id"] for _, each in receiver.told if "name" in each["data"]
    }
    assert told == {campaign.id: None, child_id: campaign.id}


def test_decisions_are_replayed_like_all_that_is_told(account, decided, receiver):
    send_winner(asking(), sent(account).id, 1)
    before = decided()
    [delivery] = rows("SELECT id, webhook_id FROM webhook_delivery")
    assert replay_deliveries(asking(), delivery["webhook_id"], delivery_ids=[delivery["id"]]).replayed == 1
    assert decided() == before * 2
    assert len({each for each, _ in receiver.told}) == 1
