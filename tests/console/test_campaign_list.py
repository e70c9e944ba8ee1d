"""The list of campaigns."""

import pytest

from tests.factories import a_campaign, an_account, arrange_state
from tests.sending import start_and_deliver
from tests.statements import statements_of_all_threads


def test_the_list_shows_how_far_each_campaign_is_newest_first(signed_in, account):
    a_campaign(account, name="Older")
    start_and_deliver(a_campaign(account, recipients=4, name="Newer"))
    page = signed_in.get("/console/campaigns")
    assert page.text.index("Newer") < page.text.index("Older")
    assert "4 of 4 messages ended" in signed_in.answer.text
    assert "4 sent of 4" in page.text
    assert "2 campaigns" in page.text


def test_failures_are_shown_beside_what_was_sent(signed_in, account):
    campaign = a_campaign(account, recipients=4)
    start_and_deliver(campaign, reject=["+306900000000"])
    assert "3 sent, 1 failed of 4" in signed_in.get("/console/campaigns").text


def test_the_list_is_filtered_by_state_and_by_words_of_the_name(signed_in, account):
    for name, status in (("Spring sale", "cancelled"), ("Spring news", "draft"), ("Autumn", "cancelled")):
        arrange_state(a_campaign(account, name=name).id, status)
    signed_in.get("/console/campaigns")
    page = signed_in.send_filters("/console/campaigns", q="spring", status="cancelled")
    assert "Spring sale" in page.text
    assert "Spring news" not in page.text
    assert "Autumn" not in page.text
    assert page.form("/console/campaigns")["status"] == "cancelled"


def test_an_address_that_asks_for_sent_campaigns_shows_the_completed_ones(signed_in, account):
    start_and_deliver(a_campaign(account, recipients=1, name="Done"))
    a_campaign(account, name="Waiting")
    page = signed_in.get("/console/campaigns?status=sent")
    assert "Done" in page.text
    assert "Waiting" not in page.text
    assert page.form("/console/campaigns")["status"] == "completed"


def test_a_search_that_finds_nothing_says_so(signed_in, account):
    a_campaign(account)
    page = signed_in.get("/console/campaigns?q=nothing")
    assert "No campaign is like that" in page.text


@pytest.mark.parametrize(
    "query", ["status=lost", "page=x", "q=" + "x" * 300, "channel=owl", "nonsense=1", "page=1&page=2"]
)
def test_a_filter_that_cannot_be_is_refused_in_words(signed_in, query):
    page = signed_in.get(f"/console/campaigns?{query}")
    assert signed_in.status == 400
    assert "This did not work" in page.text


def test_a_long_list_has_pages_that_keep_the_filter(signed_in, account):
    for n in range(21):
        a_campaign(account, name=f"Spring {n:02}")
    page = signed_in.get("/console/campaigns?q=spring")
    assert "Page 1 of 2" in page.text
    assert "Spring 00" not in page.text
    page = signed_in.get("/console/campaigns?q=spring&page=2")
    assert "Spring 00" in page.text
    assert "q=spring&amp;page=1" in signed_in.answer.text


def test_the_moving_parts_are_those_of_the_page(signed_in, account):
    campaign = a_campaign(account, recipients=4)
    start_and_deliver(campaign)
    page = signed_in.get("/console/campaigns")
    live = signed_in.get("/console/campaigns/live?page=1")
    ids = {attributes["id"] for _, attributes in live.tags if "id" in attributes}
    assert ids == {f"status-{campaign.id}", f"progress-{campaign.id}"}
    assert ids <= {attributes.get("id") for _, attributes in page.tags}


def test_another_account_sees_nothing_of_it(signed_in):
    a_campaign(an_account(), name="Theirs")
    assert "Theirs" not in signed_in.get("/console/campaigns").text


def test_a_page_of_twenty_costs_as_many_statements_as_one_of_one(signed_in, account):
    counted = []
    for more in (1, 19):
        for _ in range(more):
            a_campaign(account)
        signed_in.get("/console/campaigns")
        with statements_of_all_threads() as ran:
            signed_in.get("/console/campaigns")
        counted.append(len(ran))
    assert counted[0] == counted[1] <= 4
