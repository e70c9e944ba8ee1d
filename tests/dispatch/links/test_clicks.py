"""Where clicks are shown: with the campaign, by link, in exports, in a message's history, and to webhooks."""

import csv
import io

import pytest

from dispatch.campaigns.links import LinkView, list_links
from dispatch.campaigns.messages import export_messages, read_message
from dispatch.campaigns.reading import list_campaigns, read_campaign
from dispatch.errors import CampaignNotFound
from dispatch.links.addresses import links_of
from dispatch.links.clicks import target_of
from models.database import row, rows
from tests.factories import a_campaign, an_account, asking
from tests.sending import started
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("db", "redis")

BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile"}
TEXT = "https://shop.example/a or https://shop.example/b"


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL="https://go.example.com")


@pytest.fixture
def account():
    return an_account(credits=10_000)


def open_link(account, campaign_id, n, link, **headers):
    code = links_of(account.id).code(campaign_id, n, link)
    return target_of(code, method="GET", headers=headers or BROWSER)


@pytest.fixture
def campaign_id(account):
    """A campaign of five people: one opened both links, one the second, for one a program opened the first."""
    made = started(account, recipients=5, template=TEXT, track_links=True)
    for n, link in [(0, 1), (0, 2), (0, 1), (3, 2)]:
        open_link(account, made, n, link)
    open_link(account, made, 4, 1, **{"User-Agent": "WhatsApp/2.24"})
    return made


def test_a_campaign_counts_people_and_not_clicks(account, campaign_id):
    assert read_campaign(asking(account.id), campaign_id).clicks == 2


def test_each_link_counts_its_own_people_and_programs(account, campaign_id):
    assert list_links(asking(account.id), campaign_id) == [
        LinkView(number=1, url="https://shop.example/a", clicks=1, bots=1),
        LinkView(number=2, url="https://shop.example/b", clicks=2, bots=0),
    ]


def test_a_campaign_that_no_one_has_opened_has_none_and_one_that_tracks_nothing_says_so(account):
    tracking = started(account, recipients=1, template=TEXT, track_links=True)
    other = started(account, recipients=1, template=TEXT)
    draft = a_campaign(account, template=TEXT, track_links=True)
    assert read_campaign(asking(), tracking).clicks == 0
    assert [each.clicks for each in list_links(asking(), tracking)] == [0, 0]
    assert (read_campaign(asking(), other).clicks, list_links(asking(), other)) == (None, [])
    assert (read_campaign(asking(), draft.id).clicks, list_links(asking(), draft.id)) == (0, [])


def test_another_accounts_links_are_not_there(campaign_id):
    with pytest.raises(CampaignNotFound):
        list_links(asking(an_account().id), campaign_id)


def test_the_export_says_when_each_person_first_opened_a_link(account, campaign_id):
    text = "".join(export_messages(asking(account.id), campaign_id)).removeprefix("\ufeff")
    clicked = {line["message"]: line["clicked_at"] for line in csv.DictReader(io.StringIO(text))}
    first = row("SELECT min(at) AS at FROM link_click WHERE n = 0")["at"]
    assert {message for message, at in clicked.items() if at} == {f"{campaign_id}-0", f"{campaign_id}-3"}
    assert clicked[f"{campaign_id}-0"].startswith(first.strftime("%Y-%m-%d"))


def test_the_history_of_a_message_ends_with_the_click(account, campaign_id):
    def events(n):
        return [event.event for event in read_message(asking(account.id), f"{campaign_id}-{n}").history]

    assert events(0)[-1] == "clicked"
    assert "clicked" not in events(1) + events(4)


def test_campaigns_that_track_nothing_cost_no_more_to_list(account):
    for _ in range(3):
        a_campaign(account, template=TEXT)
    with statements() as without:
        list_campaigns(asking(account.id))
    for _ in range(3):
        a_campaign(account, template=TEXT, track_links=True)
    with statements() as tracking:
        list_campaigns(asking(account.id))
    assert len(tracking) == len(without) + 1


def test_the_clicks_of_a_campaign_are_found_without_reading_those_of_others(account, campaign_id):
    other = started(account, recipients=1, template=TEXT, track_links=True)
    rows(
        """INSERT INTO link_click (campaign_id, n, number, by_bot)
           SELECT %s, n, 1, false FROM generate_series(0, 2999) n""",
        [other],
    )
    rows("ANALYZE link_click")
    plan = rows(
        "EXPLAIN SELECT DISTINCT campaign_id, n FROM link_click WHERE campaign_id = ANY(%s) AND NOT by_bot",
        [[campaign_id]],
    )
    assert "link_click_pkey" in "\n".join(line["QUERY PLAN"] for line in plan)
