"""A campaign that tracks its links: what is previewed is what is sent and paid, and who gets which link where."""

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.previews import personalized_preview, preview_messages
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.errors import InvalidRequest, LinksNotConfigured
from dispatch.links.addresses import SAMPLE_CODE, places_of
from dispatch.links.codes import Place
from dispatch.start import chunk, preparation
from dispatch.start.ending import put_back
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from models.database import rows
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import start_claim, started
from tests.statements import statements
from tests.stored import campaign_row

pytestmark = pytest.mark.usefixtures("db", "redis")

PUBLIC = "https://go.example.com"
SHORT = re.compile(rf"{PUBLIC}/l/(\w{{16}})")
TEXT = "Hi {first_name}, see https://shop.example/a?b=1#c and https://shop.example/z. {unsubscribe_link}"


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL=PUBLIC)


@pytest.fixture
def account():
    return an_account(credits=100_000)


def bodies(campaign_id):
    found = rows("SELECT body FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    return [message["body"] for message in found]


def links_of(campaign_id):
    found = rows("SELECT number, target FROM campaign_link WHERE campaign_id = %s ORDER BY number", [campaign_id])
    return [(link["number"], link["target"]) for link in found]


def test_each_address_is_a_short_link_of_each_message_and_one_row_of_the_campaign(account):
    campaign_id = started(account, recipients=25, template=TEXT, track_links=True)
    assert links_of(campaign_id) == [(1, "https://shop.example/a?b=1#c"), (2, "https://shop.example/z")]
    for n, body in enumerate(bodies(campaign_id)):
        first, second = SHORT.findall(body)
        assert Place(campaign_id, n, 1) in places_of(first)
        assert Place(campaign_id, n, 2) in places_of(second)
        assert re.sub(rf"{PUBLIC}/./\w{{16}}", "*", body) == f"Hi First{n}, see * and *. *"


def test_without_it_addresses_are_sent_as_they_are(account):
    campaign_id = started(account, recipients=1, template="See https://shop.example/a")
    assert bodies(campaign_id) == ["See https://shop.example/a"]
    assert links_of(campaign_id) == []


def test_an_address_in_a_value_is_sent_as_it_is(account):
    [customer] = customers(account, 1)
    rows("UPDATE customer SET first_name = 'https://shop.example/mine' WHERE id = %s", [customer])
    campaign = a_campaign(account, everyone=True, template="{first_name} https://shop.example/a", track_links=True)
    enqueue_campaign(asking(), campaign.id)
    assert bodies(campaign.id)[0].startswith(f"https://shop.example/mine {PUBLIC}/l/")


def test_an_address_with_a_placeholder_is_sent_as_it_is_with_a_warning(account):
    campaign = a_campaign(account, recipients=1, template="https://shop.example/?c={first_name}", track_links=True)
    warnings = [(each.code, each.message) for each in preview_messages(asking(), campaign.id).warnings]
    assert warnings == [
        (
            "link_not_tracked",
            "https://shop.example/?c={…} leads everyone elsewhere, because it has a placeholder; it is sent as it is.",
        )
    ]
    assert [each.code for each in enqueue_campaign(asking(), campaign.id).warnings] == ["link_not_tracked"]
    assert bodies(campaign.id) == ["https://shop.example/?c=First0"]


def test_a_text_without_addresses_says_that_there_is_nothing_to_track(account):
    campaign = a_campaign(account, recipients=1, template="See www.shop.example", track_links=True)
    [warning] = preview_messages(asking(), campaign.id).warnings
    assert warning.message.startswith("track_links has nothing to track")
    enqueue_campaign(asking(), campaign.id)
    assert bodies(campaign.id) == ["See www.shop.example"]


FILLERS = st.sampled_from(["x", "€", "ω", "😀", "–", "“", "[", " ", "%", "é", ".", ")"])
TEXTS = st.builds(
    lambda before, times, address, after, more: f"{before * times} {address}{after}{more}",
    FILLERS,
    st.one_of(st.integers(0, 40), st.integers(90, 130), st.integers(240, 270)),
    st.sampled_from(["https://shop.example/a%20b?c=%25", "HTTP://b.example", "(https://προσφορά.example/ά)", ""]),
    st.text(FILLERS, max_size=10),
    st.sampled_from(
        ["", " {first_name}", " https://shop.example/a%20b?c=%25 {unsubscribe_link}", "{{ last_name|upper }}"]
    ),
)


@pytest.mark.parametrize(("channel", "folds"), [("sms", False), ("sms", True), ("whatsapp", False)])
@hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, name=st.text(FILLERS, max_size=40))
def test_what_the_preview_says_is_what_is_sent_and_paid(channel, folds, text, name):
    account = an_account(credits=10_000)
    people = customers(account, 3)
    rows("UPDATE customer SET first_name = %s WHERE id %% 2 = 0", [name])
    campaign = a_campaign(
        account, everyone=True, template=f"a{text}", channel=channel, fold_typography=folds, track_links=True
    )
    preview = preview_messages(asking(), campaign.id)
    alone = [personalized_preview(asking(), campaign.id, customer).rendered_message for customer in people]
    enqueue_campaign(asking(), campaign.id)
    sent = rows("SELECT body, encoding, segments FROM message WHERE campaign_id = %s ORDER BY n", [campaign.id])
    masked = [re.sub(rf"({PUBLIC}/[ul]/)\w{{16}}", rf"\g<1>{SAMPLE_CODE}", message["body"]) for message in sent]
    assert [each.text for each in preview.messages] == masked == alone
    assert [(each.encoding, each.segments) for each in preview.messages] == [
        (message["encoding"], message["segments"]) for message in sent
    ]
    assert preview.estimate.credits == campaign_row(campaign.id)["held"]


def test_another_text_in_a_preview_has_short_links_too(account):
    [customer] = customers(account, 1)
    campaign = a_campaign(account, everyone=True, template="Hi", track_links=True)
    shown = personalized_preview(asking(), campaign.id, customer, override_template="https://shop.example/a!")
    assert shown.rendered_message == f"{PUBLIC}/l/{SAMPLE_CODE}!"


def test_tracking_costs_a_preparation_one_statement_however_many_recipients_and_nothing_when_off(account, monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 10)
    monkeypatch.setattr(chunk, "RENDERED_TOGETHER", 3)
    ran = {}
    for tracks in (False, True):
        for recipients in (10, 30):
            template = "https://shop.example/a {unsubscribe_link}" if tracks else "https://shop.example/a"
            campaign = a_campaign(account, recipients=recipients, template=template, track_links=tracks)
            claimed = start_claim(campaign.id, batch_size=10, recipients=recipients)
            with statements() as found:
                assert preparation.prepare(claimed)
            ran[tracks, recipients] = len(found)
    # One reads what the links begin with, and one stores where they lead.
    assert ran[True, 10] == ran[False, 10] + 2
    assert ran[True, 30] == ran[False, 30] + 2


def test_an_edit_after_a_refused_start_leaves_only_the_links_of_the_new_text(account):
    campaign = a_campaign(account, recipients=2, template=TEXT, track_links=True)
    claimed = start_claim(campaign.id, batch_size=10, recipients=2)
    assert preparation.prepare(claimed)
    put_back(campaign.id, claimed.prep_token, "INSUFFICIENT_CREDITS")
    edit_campaign(asking(), campaign.id, {"template": "https://other.example"})
    enqueue_campaign(asking(), campaign.id)
    assert links_of(campaign.id) == [(1, "https://other.example")]


def test_a_copy_and_a_test_track_links_like_their_campaign(account):
    campaign = a_campaign(account, recipients=1, template=TEXT, track_links=True)
    assert duplicate_campaign(asking(account.id), campaign.id).track_links
    test = send_test(asking(account.id), campaign.id, ["+306999999999"])
    assert [number for number, _ in links_of(test.campaign_id)] == [1, 2]


def test_it_is_chosen_and_changed_like_any_field_until_the_start(account):
    campaign = a_campaign(account, recipients=1, template="https://shop.example/a")
    assert not campaign.track_links
    assert edit_campaign(asking(), campaign.id, {"track_links": True}).track_links
    assert edit_campaign(asking(), campaign.id, {"name": "Other", "channel": "whatsapp"}).track_links
    assert not edit_campaign(asking(), campaign.id, {"track_links": False}).track_links
    assert not read_campaign(asking(), campaign.id).track_links


def test_the_text_of_an_approved_whatsapp_template_cannot_be_tracked(account):
    approved = {"channel": "whatsapp", "whatsapp_template": "offer", "whatsapp_language": "en"}
    with pytest.raises(InvalidRequest, match="track_links does not go with whatsapp_template"):
        create_campaign(asking(account.id), CampaignDraft(name="a", track_links=True, **approved))
    tracking = a_campaign(account, channel="whatsapp", track_links=True)
    with pytest.raises(InvalidRequest, match="track_links does not go with whatsapp_template"):
        edit_campaign(asking(), tracking.id, approved)
    templated = a_campaign(account, **approved)
    with pytest.raises(InvalidRequest, match="track_links does not go with whatsapp_template"):
        edit_campaign(asking(), templated.id, {"track_links": True})
    assert edit_campaign(asking(), tracking.id, approved | {"track_links": False}).whatsapp_template == "offer"


def test_without_an_address_for_its_links_it_is_not_started(account, configure):
    configure(PUBLIC_URL="")
    campaign = a_campaign(account, recipients=1, template="https://shop.example/a", track_links=True)
    with pytest.raises(LinksNotConfigured, match="PUBLIC_URL"):
        enqueue_campaign(asking(), campaign.id)
    edit_campaign(asking(), campaign.id, {"track_links": False})
    assert enqueue_campaign(asking(), campaign.id).status == "sending"
