"""Results of each text, and the best one for those who were held back: once, and with the campaign's approval."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.results import read_results
from dispatch.errors import DispatchError, InvalidStatus, NoRecipients
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.winners import send_winner
from dispatch.texts.variants import Variant
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.racing import race
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

TEXTS = ("Hi {first_name}!", "Hello {first_name}!")


def comparing(account, hold_back=50):
    variants = [Variant(text=text) for text in TEXTS]
    return a_campaign(account, recipients=60, template="", variants=variants, hold_back=hold_back)


def held_back(campaign_id):
    found = rows("SELECT phone FROM message WHERE campaign_id = %s AND reason = 'held_back' ORDER BY n", [campaign_id])
    return [each["phone"] for each in found]


def test_the_winner_goes_to_everyone_who_was_held_back_and_to_them_once():
    campaign = comparing(an_account())
    start_and_deliver(campaign)
    waiting = held_back(campaign.id)
    started = send_winner(asking(), campaign.id, 2)
    deliver(answering(), started.campaign_id)
    found = rows("SELECT phone, body, variant FROM message WHERE campaign_id = %s ORDER BY n", [started.campaign_id])
    assert [each["phone"] for each in found] == waiting
    assert {each["body"].split()[0] for each in found} == {"Hello"}
    child = read_campaign(asking(), started.campaign_id)
    assert child.name == f"{campaign.name} (variant 2)"
    assert (child.parent_id, child.base_template, child.variants, child.status) == (
        campaign.id,
        TEXTS[1],
        [],
        "completed",
    )
    with pytest.raises(NoRecipients, match="No one who was held back is left"):
        send_winner(asking(), campaign.id, 1)
    assert audit(ALL_ACCOUNTS) == []


def test_two_who_send_the_winner_at_once_message_no_one_twice():
    campaign = comparing(an_account())
    start_and_deliver(campaign)
    race(lambda: send_winner(asking(), campaign.id, 1), lambda: send_winner(asking(), campaign.id, 2))
    found = rows("SELECT phone FROM message WHERE state <> 'skipped'")
    assert len(found) == len({each["phone"] for each in found}) == 60


def test_whoever_opted_out_meanwhile_is_not_sent_the_winner():
    account = an_account()
    campaign = comparing(account)
    start_and_deliver(campaign)
    gone = held_back(campaign.id)[0]
    rows("INSERT INTO suppression (account_id, phone) VALUES (%s, %s)", [account.id, gone])
    child = send_winner(asking(), campaign.id, 2).campaign_id
    assert rows("SELECT reason FROM message WHERE campaign_id = %s AND phone = %s", [child, gone]) == [
        {"reason": "opted_out"}
    ]


def test_an_approval_of_the_campaign_covers_the_winner():
    campaign = comparing(an_account(approval_above=5))
    approve_campaign(asking(actor="someone else"), campaign.id, revision=campaign.revision)
    start_and_deliver(campaign)
    assert send_winner(asking(), campaign.id, 2).status == "sending"


@pytest.mark.parametrize(("variant", "said"), [(0, "1 to 2; given: 0"), (3, "given: 3"), (-1, "given: -1")])
def test_a_variant_that_there_is_not_is_refused(variant, said):
    campaign = comparing(an_account())
    start_and_deliver(campaign)
    before = stored_rows()
    with pytest.raises(DispatchError, match=said):
        send_winner(asking(), campaign.id, variant)
    assert stored_rows() == before


def test_without_anyone_held_back_or_before_the_start_there_is_no_winner_to_send():
    campaign = comparing(an_account())
    with pytest.raises(InvalidStatus, match="is draft"):
        send_winner(asking(), campaign.id, 1)
    for other in (comparing(an_account(), hold_back=0), a_campaign(an_account(), recipients=2)):
        enqueue_campaign(asking(), other.id)
        with pytest.raises(DispatchError, match="holds no one back"):
            send_winner(asking(), other.id, 1)


def test_results_count_what_the_people_with_each_text_did():
    account = an_account()
    campaign = comparing(account, hold_back=0)
    start_and_deliver(campaign)
    sent = {number: [] for number in (1, 2)}
    for each in rows("SELECT n, variant, phone FROM message ORDER BY n"):
        sent[each["variant"]].append(each)
    rows("UPDATE message SET state = 'delivered' WHERE n = ANY(%s)", [[each["n"] for each in sent[2][:7]]])
    rows("UPDATE message SET state = 'read' WHERE n = %s", [sent[2][7]["n"]])
    rows("UPDATE message SET state = 'undelivered' WHERE n = %s", [sent[1][0]["n"]])
    rows("INSERT INTO campaign_link (campaign_id, number, target) VALUES (%s, 1, 'https://a.example')", [campaign.id])
    for by_bot, each in ((False, sent[1][1]), (True, sent[2][1])):
        rows(
            "INSERT INTO link_click (campaign_id, n, number, by_bot) VALUES (%s, %s, 1, %s)",
            [campaign.id, each["n"], by_bot],
        )
    rows(
        "INSERT INTO suppression (account_id, phone, source) VALUES (%s, %s, 'link')", [account.id, sent[1][2]["phone"]]
    )
    first, second = read_results(asking(), campaign.id).variants
    assert (first.sent, second.sent) == (len(sent[1]), len(sent[2]))
    assert (first.delivered, first.undelivered, first.clicked, first.replied, first.opted_out) == (0, 1, 1, 0, 1)
    assert (second.delivered, second.undelivered, second.clicked, second.opted_out) == (8, 0, 0, 0)
    assert second.shares["delivered"] == round(800 / second.sent, 1)
    found = read_results(asking(), campaign.id, by="delivered")
    assert (found.by, found.verdict[:9]) == ("delivered", "Variant 2" if found.winner else "Too early")


def test_a_campaign_with_one_text_has_nothing_to_compare():
    campaign = a_campaign(an_account(), recipients=2)
    with pytest.raises(InvalidStatus, match="one text"):
        read_results(asking(), campaign.id)
