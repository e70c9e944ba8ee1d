"""What makes an SMS expensive is replaced, where that makes it cheaper and changes nothing that people read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.previews import personalized_preview, preview_messages
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from dispatch.texts.sms import measure
from dispatch.texts.typography import fold
from models.database import rows
from tests.factories import a_campaign, an_account, asking, customers
from tests.stored import campaign_row


def folded(text):
    return fold(text, measure(text))


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("“Hi” ‘there’ „so“", '"Hi" \'there\' "so"'),
        ("«OK» ‹ok›", "\"OK\" 'ok'"),
        ("Don’t miss it – today — only…", "Don't miss it - today - only..."),
        ("10\u00a0%\u202foff\u2009now", "10 % off now"),
        ("jean‑luc", "jean-luc"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("2 × 3 • 5′ `x`", "2 x 3 - 5' 'x'"),
        ("ΚΑΛΗΜΕΡΑ ΕΛΛΑΔΑ", "KAΛHMEPA EΛΛAΔA"),
        ("ΆΈΉΊΌΎΏ ΪΫ", "AEHIOYΩ IY"),
        ("Cafe\u0301 – now", "Café - now"),
        ("ΚΑ\u0301", "KA"),
        ("Price: 5€ – {x}", "Price: 5€ - {x}"),
        ("a\tb", "a b"),
    ],
)
def test_a_text_that_fits_the_gsm_alphabet_then_is_sent_in_it(written, sent):
    text, measured = folded(written)
    assert (text, measured.encoding) == (sent, "gsm7")
    assert measured == measure(sent)


@pytest.mark.parametrize(
    "text",
    ["Plain text", "Γεια σου – Μαρία", "“Hi” 🌸", "Привет…", "日本—東京", "… " + "…" * 68, "", "ñ é ü Δ"],
)
def test_a_text_that_would_not_become_cheaper_stays_as_it_is(text):
    assert folded(text) == (text, measure(text))


@given(st.text(max_size=300))
def test_folding_never_costs_more_and_never_half(text):
    sent, measured = folded(text)
    assert measured == measure(sent)
    assert measured.segments <= measure(text).segments
    assert sent == text or measured.encoding == "gsm7"


@given(st.text(alphabet="ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫ ", min_size=1, max_size=200))
def test_every_text_in_greek_capitals_fits(text):
    assert folded(unicodedata.normalize("NFD", text))[1].encoding == "gsm7"


LONG = "Don’t miss our sale – " + "x" * 100


@pytest.fixture
def account(db, redis):
    made = an_account(credits=100)
    customers(made, 3)
    return made


def a_folding(account, **fields):
    chosen = {"template": LONG, "everyone": True, "fold_typography": True} | fields
    return create_campaign(asking(account.id), CampaignDraft(name="Sale", **chosen))


def bodies(campaign_id):
    found = rows("SELECT body, encoding, segments FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    return [tuple(message.values()) for message in found]


def test_the_preview_shows_the_saving_and_what_is_replaced(account):
    campaign = a_folding(account, fold_typography=False)
    shown = preview_messages(asking(), campaign.id)
    assert (shown.estimate.credits, shown.typography.folded, shown.typography.saving) == (6, False, 3)
    assert [each.code_point for each in shown.typography.replaced] == ["U+2019", "U+2013"]
    edit_campaign(asking(), campaign.id, {"fold_typography": True})
    shown = preview_messages(asking(), campaign.id)
    assert (shown.estimate.credits, shown.typography.folded, shown.typography.saving) == (3, True, 3)
    assert {message.text for message in shown.messages} == {LONG.replace("’", "'").replace("–", "-")}
    assert shown.messages[0].forces_ucs2 is None


def test_what_was_previewed_is_what_is_sent_and_charged(account):
    campaign = a_folding(account)
    previewed = [(each.text, each.encoding, each.segments) for each in preview_messages(asking(), campaign.id).messages]
    assert personalized_preview(asking(), campaign.id, 1).rendered_message == previewed[0][0]
    enqueue_campaign(asking(), campaign.id)
    assert bodies(campaign.id) == previewed
    assert campaign_row(campaign.id)["held"] == 3


def test_values_of_customers_are_folded_too(account):
    rows("UPDATE customer SET first_name = 'O’Neil' WHERE id = 1")
    rows("UPDATE customer SET first_name = 'Ωραία…' WHERE id = 2")
    campaign = a_folding(account, template="Hi {first_name}")
    enqueue_campaign(asking(), campaign.id)
    assert [body for body, _, _ in bodies(campaign.id)] == ["Hi O'Neil", "Hi Ωραία…", "Hi First2"]


def test_whatsapp_keeps_its_typography(account):
    campaign = a_folding(account, channel="whatsapp")
    assert preview_messages(asking(), campaign.id).typography.saving == 0
    enqueue_campaign(asking(), campaign.id)
    assert bodies(campaign.id)[0] == (LONG, "text", 1)


def test_copies_and_children_do_the_same(account):
    campaign = a_folding(account)
    assert duplicate_campaign(asking(), campaign.id).fold_typography
    tested = send_test(asking(), campaign.id, ["+306913333333"])
    assert bodies(tested.campaign_id)[0][1:] == ("gsm7", 1)


def test_a_change_of_it_is_a_change_of_what_people_read(account):
    campaign = a_campaign(account, everyone=True)
    assert edit_campaign(asking(), campaign.id, {"fold_typography": True}).revision == campaign.revision + 1
    assert edit_campaign(asking(), campaign.id, {"fold_typography": True}).revision == campaign.revision + 1


def test_the_saving_of_a_large_audience_is_estimated(account):
    customers(account, 1497)
    campaign = a_folding(account)
    shown = preview_messages(asking(), campaign.id)
    assert (shown.estimate.exact, shown.estimate.credits, shown.typography.saving) == (False, 1500, 1500)
