"""Choosing who gets a campaign in an account with more lists and segments than anyone looks through."""

import pytest

from dispatch.campaigns.reading import read_campaign
from dispatch.customers.lists import delete_list
from models.database import rows
from tests.factories import a_campaign, a_list, a_segment, asking, combined

NEW = "/console/campaigns/new"


@pytest.fixture
def many(account):
    """The id of a list and of a segment that are older than a hundred others."""
    oldest = a_list(account, 2, name="Café friends"), a_segment(account, "location", "eq", "Athens", name="Athenians")
    many = "SELECT account_id, 'x' || i{} FROM {}, generate_series(1, 120) AS i"
    rows(f"INSERT INTO customer_list (account_id, name) {many.format('', 'customer_list')}")
    rows(f"INSERT INTO segment (account_id, name, filter) {many.format(', filter', 'segment')}")
    return oldest


def choices(page, name):
    return [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == name]


def test_an_old_list_and_an_old_segment_are_found_by_name_without_losing_what_was_typed(signed_in, many):
    list_id, segment_id = many
    page = signed_in.get(NEW)
    assert "71 more" in page.text
    assert str(list_id) not in choices(page, "lists")
    page = signed_in.send(NEW, {"name": "Spring", "text": "Hello", "find": "CAFE fr"}, button="Find")
    assert choices(page, "lists") == choices(page, "except_lists") == [str(list_id)]
    assert choices(page, "segments") == []
    page = signed_in.send(NEW, {"lists": str(list_id), "find": "athen"}, button="Find")
    assert choices(page, "segments") == [str(segment_id)]
    assert page.form(NEW)["lists"] == str(list_id)
    assert page.form(NEW)["name"] == "Spring"
    page = signed_in.send(NEW, {"segments": str(segment_id), "find": ""}, button="Preview")
    assert "2 people" in page.text
    signed_in.send(NEW, button="Save")
    [made] = rows("SELECT id FROM campaign")
    include = read_campaign(asking(), made["id"]).audience.include
    assert (include.lists, include.segments) == ([list_id], [segment_id])


def test_a_search_without_a_result_says_so_and_keeps_what_is_chosen(signed_in, many):
    list_id, _ = many
    signed_in.get(NEW)
    signed_in.send(NEW, {"find": "cafe"}, button="Find")
    page = signed_in.send(NEW, {"lists": str(list_id), "find": "nothing like it"}, button="Find")
    assert page.form(NEW)["lists"] == str(list_id)
    page = signed_in.send(NEW, {"lists": [], "find": "nothing like it"}, button="Find")
    assert "No list and no segment is called that" in page.text


def test_an_edit_keeps_an_audience_of_old_lists_and_segments(signed_in, account, many):
    list_id, segment_id = many
    audience = combined(lists=[list_id], except_segments=[segment_id])
    campaign = a_campaign(account, combined=audience)
    address = f"/console/campaigns/{campaign.id}/edit"
    signed_in.get(address)
    signed_in.send(address, {"text": "New"}, button="Save")
    assert read_campaign(asking(), campaign.id).audience == campaign.audience


def test_a_list_that_is_deleted_while_it_is_chosen_is_named_and_nothing_is_saved(signed_in, account):
    list_id = a_list(account, 1)
    signed_in.get(NEW)
    signed_in.send(NEW, {"name": "x", "text": "Hello", "lists": str(list_id)}, button="Preview")
    delete_list(asking(account.id), list_id)
    page = signed_in.send(NEW, button="Save")
    assert signed_in.status == 404
    assert "was deleted" in page.text
    assert rows("SELECT FROM campaign") == []


def test_the_list_of_segments_is_searched(signed_in, many):
    page = signed_in.get("/console/segments")
    page = signed_in.send_filters("/console/segments", q="ATHEN")
    assert "Athenians" in page.text
    assert "x1" not in page.text
    assert "No segment is like that" in signed_in.get("/console/segments?q=zzz").text
