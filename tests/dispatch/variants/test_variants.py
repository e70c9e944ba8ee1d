"""A campaign with several texts: everyone gets one of them, as previewed, and a retry sends the same one again."""

from collections import Counter

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.audit import audit
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.messages import list_messages
from dispatch.campaigns.previews import personalized_preview, preview_messages
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import duplicate_campaign
from dispatch.errors import DispatchError, InvalidRequest, TooFewRecipients
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test
from dispatch.texts.variants import Variant
from models.customers.lists import ListMember
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import answering, deliver, start_and_deliver, start_claim
from tests.statements import statements
from tests.stored import campaign_row, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

TEXTS = ("Hi {first_name}!", "Hello {first_name}, it is “spring” {unsubscribe_link}", "Spring in {location}")


def variants(*texts, shares=None):
    return [Variant(text=text, share=share) for text, share in zip(texts, shares or [None] * len(texts), strict=True)]


def comparing(account, *texts, recipients=60, **options):
    return a_campaign(account, recipients=recipients, template="", variants=variants(*(texts or TEXTS)), **options)


def sent(campaign_id):
    """Returns what was written for each customer: the variant and the text."""
    found = rows("SELECT customer_id, variant, body FROM message WHERE campaign_id = %s", [campaign_id])
    return {each["customer_id"]: (each["variant"], each["body"]) for each in found}


@pytest.fixture
def account(db):
    return change_account(asking(an_account().id), {"link_url": "https://go.acme.example"})


def test_everyone_gets_one_of_the_texts_as_the_preview_says_and_pays_for_that_one(account):
    campaign = comparing(account, "Hi {first_name}!", "Hello {first_name}, " + "spring! " * 30, "Spring in {location}")
    preview = preview_messages(asking(), campaign.id, first=50)
    assert [shown.text for shown in preview.variants][::2] == ["Hi First0!", "Spring in Athens"]
    assert [shown.segments for shown in preview.variants] == [1, 2, 1]
    enqueue_campaign(asking(), campaign.id)
    written = sent(campaign.id)
    assert {each.customer_id: (each.variant, each.text) for each in preview.messages}.items() <= written.items()
    counts = Counter(number for number, _ in written.values())
    assert set(counts) == {1, 2, 3}
    assert campaign_row(campaign.id)["held"] == 60 + counts[2] == preview.estimate.credits
    assert preview.estimate.exact
    for customer_id, (_, text) in list(written.items())[:10]:
        assert personalized_preview(asking(), campaign.id, customer_id).rendered_message == text
    deliver(answering(), campaign.id)
    assert audit(ALL_ACCOUNTS) == []


def test_texts_with_links_and_without_go_together(account):
    campaign = comparing(account)
    start_and_deliver(campaign)
    for number, body in sent(campaign.id).values():
        assert ("/u/" in body) == (number == 2)


def test_texts_share_the_tracked_links_to_the_same_address(account):
    texts = ("Hi https://a.example", "Ho https://b.example https://a.example", "No link")
    campaign = comparing(account, *texts, track_links=True)
    previewed = {each.customer_id: each for each in preview_messages(asking(), campaign.id, first=50).messages}
    enqueue_campaign(asking(), campaign.id)
    targets = rows("SELECT number, target FROM campaign_link WHERE campaign_id = %s ORDER BY number", [campaign.id])
    assert [each["target"] for each in targets] == ["https://a.example", "https://b.example"]
    for person, (number, body) in sent(campaign.id).items():
        assert body.count("https://go.acme.example/") == [1, 2, 0][number - 1]
        assert person not in previewed or len(previewed[person].text) == len(body)


def test_a_message_says_which_text_it_is(account):
    campaign = comparing(account)
    enqueue_campaign(asking(), campaign.id)
    found = list_messages(asking(), campaign.id, page_size=100).rows
    assert {each.customer_id: (each.variant, each.text) for each in found} == sent(campaign.id)


def test_a_retry_sends_everyone_the_text_that_they_were_meant_to_get(account):
    campaign = comparing(account, hold_back=10)
    phones = [each["phone"] for each in rows("SELECT phone FROM customer ORDER BY id")]
    start_and_deliver(campaign, reject=phones[:30])
    first = sent(campaign.id)
    child = retry_failed(asking(), campaign.id).campaign_id
    again = sent(child)
    assert len(again) > 15
    assert {person: number for person, (number, _) in again.items()} == {person: first[person][0] for person in again}


def test_a_test_shows_each_text_in_turn(account):
    campaign = comparing(account, hold_back=50)
    numbers = ["+306900000001", "+306900000002", "+306990000003"]
    child = send_test(asking(), campaign.id, numbers).campaign_id
    found = rows("SELECT variant FROM message WHERE campaign_id = %s ORDER BY n", [child])
    assert [each["variant"] for each in found] == [1, 2, 3]
    assert read_campaign(asking(), child).hold_back == 0


def test_a_preparation_that_is_taken_over_draws_the_same(account, monkeypatch):
    """People who are prepared after a crash get what they would have got before it."""
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 20)
    campaign = comparing(account, hold_back=20)
    expected = {each.customer_id: each.variant for each in preview_messages(asking(), campaign.id, first=50).messages}
    claimed = start_claim(campaign.id, batch_size=10, recipients=60)
    stops = iter([False, False, True])
    assert not preparation.prepare(claimed, until=lambda: next(stops))
    held = preparation.preparation.held_by(campaign.id, claimed.prep_token)
    assert held is not None
    assert preparation.prepare(held)
    written = {person: number for person, (number, _) in sent(campaign.id).items()}
    assert len(written) == 60
    assert expected.items() <= written.items()


def test_held_back_people_get_nothing_yet_and_cost_nothing(account):
    campaign = comparing(account, hold_back=50)
    preview = preview_messages(asking(), campaign.id, first=50)
    enqueue_campaign(asking(), campaign.id)
    held = rows(
        "SELECT customer_id, state, body, segments FROM message WHERE campaign_id = %s AND reason = 'held_back'",
        [campaign.id],
    )
    assert 15 < len(held) < 45
    assert {(each["state"], each["body"], each["segments"]) for each in held} == {("skipped", "", 0)}
    shown = {each.customer_id for each in preview.messages if each.skipped == "held_back"}
    assert shown <= {each["customer_id"] for each in held}
    assert preview.estimate.recipients == 60 - len(held)
    assert campaign_row(campaign.id)["held"] == preview.estimate.credits
    deliver(answering(), campaign.id)
    assert read_campaign(asking(), campaign.id).status == "completed"
    assert audit(ALL_ACCOUNTS) == []


def test_copies_and_edits_keep_the_texts(account):
    campaign = comparing(account, hold_back=20)
    copy = duplicate_campaign(asking(), campaign.id)
    assert (copy.variants, copy.hold_back, copy.base_template) == (campaign.variants, 20, TEXTS[0])
    assert edit_campaign(asking(), copy.id, {"name": "New"}).variants == copy.variants
    assert edit_campaign(asking(), copy.id, {"hold_back": 0}).variants == copy.variants
    changed = edit_campaign(asking(), copy.id, {"variants": variants("One", "Two", shares=[20, 80])})
    assert (changed.base_template, [each.share for each in changed.variants]) == ("One", [20, 80])
    one = edit_campaign(asking(), copy.id, {"variants": None})
    assert (one.base_template, one.variants, one.hold_back) == ("One", [], 0)
    assert edit_campaign(asking(), copy.id, {"template": "Other"}).base_template == "Other"


@pytest.mark.parametrize(
    "change",
    [{"variants": variants("Hi {first_name}!", "Other")}, {"hold_back": 30}, {"variants": None}],
)
def test_an_approval_covers_every_text(account, change):
    campaign = comparing(account)
    approved = approve_campaign(asking(actor="someone else"), campaign.id, revision=campaign.revision)
    assert approved.approved_by == "someone else"
    edited = edit_campaign(asking(), campaign.id, change)
    assert (edited.revision, edited.approved_by) == (campaign.revision + 1, None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"variants": variants("Hi")}, "2 to 4 variants; given: 1"),
        ({"variants": variants("a", "b", "c", "d", "e")}, "given: 5"),
        ({"variants": []}, "given: 0"),
        ({"variants": variants("Hi", "Ho", "Hi ")}, "Variants 1 and 3 have the same text"),
        ({"variants": variants("Hi", "  ")}, "Variant 2 has no text"),
        ({"variants": variants("Hi", "{nobody_has_this}")}, "Variant 2: Unknown placeholder"),
        ({"variants": variants("Hi", "x" * 2001)}, "Variant 2: "),
        ({"variants": variants("Hi", "Ho", shares=[50, 40])}, "add up to 90"),
        ({"variants": variants("Hi", "Ho", shares=[None, 40])}, "every variant a share"),
        ({"variants": variants("Hi", "Ho", shares=[0, 100])}, "at least 1 percent"),
        ({"variants": variants("Hi", "Ho"), "hold_back": 91}, "0 to 90"),
        ({"variants": variants("Hi", "Ho"), "hold_back": -1}, "0 to 90"),
        ({"variants": variants("Hi", "Ho"), "template": "Hello"}, "either one text or variants"),
        ({"template": "Hello", "hold_back": 10}, "goes with variants only"),
        (
            {
                "variants": variants("Hi", "Ho"),
                "channel": "whatsapp",
                "whatsapp_template": "spring",
                "whatsapp_language": "en",
            },
            "one text that was approved",
        ),
    ],
)
def test_texts_that_cannot_be_compared_are_refused_and_nothing_is_changed(account, fields, said):
    draft = a_campaign(account, everyone=True)
    before = stored_rows()
    with pytest.raises(DispatchError, match=said):
        a_campaign(account, everyone=True, **{"template": "", **fields})
    with pytest.raises(DispatchError, match=said):
        edit_campaign(asking(), draft.id, fields)
    assert stored_rows() == before


def test_one_text_does_not_replace_several_without_saying_so(account):
    campaign = comparing(account)
    with pytest.raises(InvalidRequest, match="either one text or variants"):
        edit_campaign(asking(), campaign.id, {"template": "One"})
    both = edit_campaign(asking(), campaign.id, {"template": "One", "variants": None})
    assert (both.base_template, both.variants) == ("One", [])


def test_one_person_is_too_few_in_words_of_one(account):
    with pytest.raises(TooFewRecipients, match="the audience has 1 person, and"):
        enqueue_campaign(asking(), comparing(account, "Hi", "Ho", recipients=1, hold_back=50).id)


def test_too_few_people_to_hold_any_back_is_refused_before_anything_is_written(account):
    campaign = comparing(account, "Hi", "Ho", recipients=19, hold_back=50)
    before = stored_rows()
    with pytest.raises(TooFewRecipients, match="19 people, and this test needs at least 20"):
        enqueue_campaign(asking(), campaign.id)
    assert stored_rows() == before
    ListMember.add(account.id, campaign.audience.list_id, customers(account, 1), may_send=True)
    assert enqueue_campaign(asking(), campaign.id).status == "sending"


def test_several_texts_take_no_more_statements_than_one(account):
    def ran(**text):
        campaign = a_campaign(account, recipients=40, **text)
        claimed = start_claim(campaign.id, batch_size=10, recipients=40)
        with statements() as found:
            assert preparation.prepare(claimed)
        return found

    assert ran(template="", variants=variants("Hi {first_name}", "Ho {first_name}")) == ran(template="Hi {first_name}")
