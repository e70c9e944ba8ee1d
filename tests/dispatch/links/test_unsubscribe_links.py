"""Links in texts: each message has its own, what is previewed is as long as what is sent, and prices are true."""

import re

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from dispatch.accounts.accounts import change_account
from dispatch.audience.text_check import check_text
from dispatch.campaigns.previews import personalized_preview, preview_audience, preview_messages
from dispatch.errors import InvalidTemplate, LinksNotConfigured
from dispatch.links.addresses import SAMPLE_CODE, places_of
from dispatch.links.codes import Place
from dispatch.start import chunk, preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from dispatch.start.sweep import sweep_due
from dispatch.texts.check import check_template
from models.database import rows
from models.messages.parameters import MARK
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import started
from tests.stored import campaign_row, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

PUBLIC = "https://go.example.com"
LINK = re.compile(rf"{PUBLIC}/u/(\w{{16}})")


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL=PUBLIC)


@pytest.fixture
def account():
    return an_account(credits=10_000)


def messages(campaign_id):
    return rows("SELECT * FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])


def masked(text):
    """Returns the text with the sample instead of its code, as a preview has it."""
    return LINK.sub(f"{PUBLIC}/u/{SAMPLE_CODE}", text)


def test_every_message_has_a_link_of_its_own(account):
    campaign_id = started(account, recipients=30, template="Hi {first_name}! {unsubscribe_link}")
    codes = [LINK.search(message["body"])[1] for message in messages(campaign_id)]
    assert len(set(codes)) == 30
    for n, code in enumerate(codes):
        assert Place(campaign_id, n, 0) in places_of(code)


@pytest.mark.parametrize("written", ["{unsubscribe_link}", "{{unsubscribe_link}}", "{{ unsubscribe_link }}"])
def test_it_is_written_like_any_placeholder_and_may_come_twice(account, written):
    campaign_id = started(account, recipients=2, template=f"{written} 100% {written}")
    for message in messages(campaign_id):
        first, second = LINK.findall(message["body"])
        assert first == second
        assert LINK.sub("", message["body"]) == " 100% "


@pytest.mark.parametrize("written", ["{unsubscribe_link|upper}", '{{ unsubscribe_link|fallback("x") }}'])
def test_a_filter_would_break_the_link_and_is_refused(account, written):
    with pytest.raises(InvalidTemplate, match="takes no filters"):
        a_campaign(account, template=written)


@pytest.mark.parametrize("written", ["{unsubscribe}", "{unsubscribelink}", "{Unsubscribe_Link}"])
def test_who_mistypes_it_is_told_its_name(account, written):
    with pytest.raises(InvalidTemplate, match=r"Did you mean \{unsubscribe_link\}\?"):
        a_campaign(account, template=written)


def test_an_attribute_of_that_name_is_not_shown_instead(account):
    [customer] = customers(account, 1)
    rows("UPDATE customer SET attributes = %s", [Jsonb({"unsubscribe_link": "https://evil.example"})])
    campaign = a_campaign(account, everyone=True, template="{unsubscribe_link}")
    assert personalized_preview(asking(), campaign.id, customer).rendered_message == f"{PUBLIC}/u/{SAMPLE_CODE}"
    enqueue_campaign(asking(), campaign.id)
    assert LINK.fullmatch(messages(campaign.id)[0]["body"])


def test_a_value_that_looks_like_a_link_or_a_placeholder_stays_as_it_is(account):
    [customer] = customers(account, 1)
    value = f"{PUBLIC}/u/{SAMPLE_CODE} {{unsubscribe_link}} %s"
    rows("UPDATE customer SET first_name = %s WHERE id = %s", [value, customer])
    campaign = a_campaign(account, everyone=True, template="{first_name}|{unsubscribe_link}")
    enqueue_campaign(asking(), campaign.id)
    assert messages(campaign.id)[0]["body"].startswith(f"{value}|{PUBLIC}/u/")


def test_the_link_leaves_no_gap_and_no_text_blank(account):
    campaign = a_campaign(account, recipients=3, template="{unsubscribe_link}")
    preview = preview_messages(asking(), campaign.id)
    assert preview.gaps == []
    assert [message.skipped for message in preview.messages] == [None] * 3
    assert preview_audience(asking(), campaign.id).count == 3
    enqueue_campaign(asking(), campaign.id)
    assert [message["state"] for message in messages(campaign.id)] == ["pending"] * 3


def test_the_text_of_a_gap_shows_the_link(account):
    customers(account, 1)
    rows("UPDATE customer SET first_name = ''")
    campaign = a_campaign(account, everyone=True, template="Hi {first_name}: {unsubscribe_link}")
    [gap] = preview_messages(asking(), campaign.id).gaps
    assert gap.text == f"Hi : {PUBLIC}/u/{SAMPLE_CODE}"
    assert check_text(asking(account.id), campaign.base_template).gaps == [gap]


# Around the ends of segments, of the alphabet, of its extension and outside of it, what folding replaces, and units.
FILLERS = st.sampled_from(["x", "€", "ω", "😀", "–", "“", "[", " ", "%", "é"])
TEXTS = st.builds(
    lambda before, times, between, after: before * times + "{unsubscribe_link}" + between + after,
    FILLERS,
    st.one_of(st.integers(0, 40), st.integers(100, 130), st.integers(250, 280)),
    st.sampled_from(["", "{first_name}", " {unsubscribe_link}", "{{ last_name|upper }} "]),
    st.text(FILLERS, max_size=20),
)


@pytest.mark.parametrize(("channel", "folds"), [("sms", False), ("sms", True), ("whatsapp", False)])
@hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, name=st.text(FILLERS, max_size=40))
def test_what_the_preview_says_is_what_is_sent_and_paid(channel, folds, text, name):
    account = an_account(credits=10_000)
    customers(account, 3)
    rows("UPDATE customer SET first_name = %s WHERE id %% 2 = 0", [name])
    campaign = a_campaign(account, everyone=True, template=text, channel=channel, fold_typography=folds)
    preview = preview_messages(asking(), campaign.id)
    enqueue_campaign(asking(), campaign.id)
    sent = messages(campaign.id)
    assert [each.text for each in preview.messages] == [masked(message["body"]) for message in sent]
    assert [(each.encoding, each.segments) for each in preview.messages] == [
        (message["encoding"], message["segments"]) for message in sent
    ]
    assert preview.estimate.credits == campaign_row(campaign.id)["held"]


def test_links_are_the_same_when_a_chunk_is_written_again_or_the_preparation_is_taken_over(account, monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 4)
    monkeypatch.setattr(chunk, "RENDERED_TOGETHER", 3)
    campaign_id = started(account, recipients=11, template="{unsubscribe_link}")
    for message in messages(campaign_id):
        assert Place(campaign_id, message["n"], 0) in places_of(LINK.fullmatch(message["body"])[1])


def test_a_test_and_a_whatsapp_template_have_links_too(account):
    campaign = a_campaign(
        account,
        recipients=1,
        channel="whatsapp",
        template="Hi {first_name}: {unsubscribe_link}",
        whatsapp_template="offer",
        whatsapp_language="en",
    )
    test = send_test(asking(account.id), campaign.id, ["+306999999999"])
    [message] = messages(test.campaign_id)
    link = LINK.search(message["body"])
    assert message["body"].endswith(f"{MARK}{link[0]}{MARK}")
    assert Place(test.campaign_id, 0, 0) in places_of(link[1])


def test_a_text_with_the_link_says_how_to_opt_out(account):
    def codes(text):
        return [warning.code for warning in check_template(text, account_id=account.id).warnings]

    assert codes("Sale today") == ["no_opt_out"]
    assert codes("Sale today {unsubscribe_link}") == []
    checked = check_template("Sale today {unsubscribe_link}", account_id=account.id)
    assert checked.sample == f"Sale today {PUBLIC}/u/{SAMPLE_CODE}"
    assert check_template("{unsubscribe_link}", account_id=None).sample == f"https://example.com/u/{SAMPLE_CODE}"


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "LINK_KEY"])
def test_without_an_address_or_a_key_a_campaign_is_not_started_and_says_why(account, configure, missing):
    variables = {"PUBLIC_URL": ""} if missing == "PUBLIC_URL" else {"ENVIRONMENT": "production"}
    configure(JOB_SIGNING_KEY="j" * 32, **variables)
    campaign = a_campaign(account, recipients=1, template="{unsubscribe_link}")
    before = stored_rows()
    for act in (enqueue_campaign, preview_messages, preview_audience):
        with pytest.raises(LinksNotConfigured, match=missing):
            act(asking(), campaign.id)
    assert stored_rows() == before
    assert [each.code for each in check_template(campaign.base_template, account_id=account.id).warnings] == [
        "links_not_configured"
    ]


def test_a_due_campaign_waits_for_the_address_and_starts_when_the_account_has_one(account, configure):
    configure(PUBLIC_URL="")
    campaign = a_campaign(account, recipients=1, template="{unsubscribe_link}", due=True)
    sweep_due(asking())
    assert campaign_row(campaign.id)["blocked_reason"] == "LINKS_NOT_CONFIGURED"
    change_account(asking(account.id), {"link_url": PUBLIC})
    sweep_due(asking())
    assert campaign_row(campaign.id)["status"] == "sending"
