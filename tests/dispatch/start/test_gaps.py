"""Placeholders that are empty for some people, and texts of which nothing is left: said before, and not sent."""

import pytest

from dispatch.audience.gaps import reach_of
from dispatch.audience.members import Audience
from dispatch.campaigns.previews import preview_audience, preview_messages
from dispatch.errors import InsufficientCredits, NoRecipients
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from dispatch.texts.template import compile_template
from models.campaigns.campaign import Campaign
from models.database import rows
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, customers
from tests.stored import campaign_row, states, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


def without(field, ids, value=None):
    rows(f"UPDATE customer SET {field} = %s WHERE id = ANY(%s)", [value, ids])


def counted(gaps):
    return {gap.placeholder: gap.people for gap in gaps}


def test_preview_and_start_say_for_how_many_a_placeholder_is_empty_and_show_one():
    account = an_account()
    people = customers(account, 5)
    without("first_name", people[3:], "")
    campaign = a_campaign(account, customer_ids=people, template="Hi {first_name}, come to {location}!")
    [shown] = preview_messages(asking(), campaign.id).gaps
    [started] = enqueue_campaign(asking(), campaign.id).gaps
    assert shown == started
    assert (shown.placeholder, shown.people, shown.customer_id) == ("first_name", 2, people[3])
    assert (shown.phone, shown.text) == ("+306900000003", "Hi , come to Athens!")
    assert shown.message == (
        "{first_name} is empty for 2 of 5 people, such as +306900000003: “Hi , come to Athens!” "
        'Write {{ first_name|fallback("…") }} to fill it.'
    )


@pytest.mark.parametrize(
    ("template", "blank"), [("{first_name}{location}", 1), ("Hi {first_name}", 0), ('{{ location|fallback("x") }}', 0)]
)
def test_the_preview_of_an_audience_counts_whose_text_would_be_blank_as_the_start_does(template, blank):
    account = an_account()
    people = customers(account, 4)
    without("first_name", people[:2], "")
    without("location", people[1:3])
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id = %s", people[3:])
    campaign = a_campaign(account, customer_ids=people, template=template)
    shown = preview_audience(asking(), campaign.id)
    assert (shown.count, shown.excluded.blank_text, shown.excluded.opted_out) == (3 - blank, blank, 1)
    assert [person.id for person in shown.sample] == [each for each in people[:3] if not blank or each != people[1]]
    assert enqueue_campaign(asking(), campaign.id).queued == shown.count


def test_the_preview_of_an_audience_without_a_text_counts_no_blank_ones():
    account = an_account()
    campaign = a_campaign(account, customer_ids=customers(account, 2), template="")
    assert preview_audience(asking(), campaign.id).count == 2


@pytest.mark.parametrize(
    "value", [None, "", "  ", "\t\n", "\u200b", "\u00a0\u2009", "\u2800", "\u3164", "\ufeff\u200e"]
)
def test_what_no_one_can_see_is_empty(value):
    account = an_account()
    people = customers(account, 2)
    without("location", people[:1], value)
    campaign = a_campaign(account, customer_ids=people, template="{location}")
    assert counted(preview_messages(asking(), campaign.id).gaps) == {"location": 1}
    assert enqueue_campaign(asking(), campaign.id).queued == 1
    assert [tuple(m.values()) for m in rows("SELECT state, reason FROM message ORDER BY n")] == [
        ("skipped", "blank_text"),
        ("pending", None),
    ]
    assert campaign_row(campaign.id)["held"] == 1


@pytest.mark.parametrize("value", ["0", "-", ".", "é", "Ω", "愛", "👩‍👩‍👧"])
def test_what_people_can_see_is_not_empty(value):
    account = an_account()
    without("location", customers(account, 1), value)
    campaign = a_campaign(account, everyone=True, template="{location}")
    assert preview_messages(asking(), campaign.id).gaps == []
    assert enqueue_campaign(asking(), campaign.id).queued == 1


@pytest.mark.parametrize(
    ("template", "gaps"),
    [
        ("Hi {first_name}", {"first_name": 2}),
        ("Hi {{ first_name|upper }}", {"first_name": 2}),
        ('Hi {{ first_name|fallback("friend") }}', {}),
        ('Hi {{ first_name|title|fallback("friend") }}', {}),
        ('{{ first_name|fallback("friend") }} {first_name}', {"first_name": 2}),
        ('Hi {{ first_name|fallback(" ") }}', {"first_name": 2}),
        ("{first_name} of {location}, {last_name}", {"first_name": 2, "location": 1}),
        ("Hi!", {}),
    ],
)
def test_only_placeholders_without_a_fallback_leave_a_gap(template, gaps):
    account = an_account()
    people = customers(account, 4)
    without("first_name", people[:2], "")
    without("location", people[1:2])
    campaign = a_campaign(account, everyone=True, template=template)
    assert counted(preview_messages(asking(), campaign.id).gaps) == gaps


@pytest.mark.parametrize("audience", ["everyone", "list", "segment", "customers"])
def test_only_those_who_would_get_the_text_are_counted(audience):
    account = an_account()
    on_list = a_list(account, 5)
    people = [customer["id"] for customer in rows("SELECT id FROM customer ORDER BY id")]
    without("first_name", people[:4], "")
    without("consent", people[:1], "unsubscribed")
    rows("INSERT INTO suppression SELECT account_id, phone FROM customer WHERE id = %s", [people[1]])
    without("first_name", customers(an_account(), 3), "")
    given = {
        "everyone": {"everyone": True},
        "list": {"list_id": on_list},
        "segment": {"segment_id": a_segment(account, "location", "eq", "Athens")},
        "customers": {"customer_ids": people},
    }[audience]
    [gap] = enqueue_campaign(asking(), a_campaign(account, **given).id).gaps
    assert (gap.people, gap.customer_id) == (2, people[2])


def test_someone_without_a_text_costs_nothing_and_needs_no_credit():
    account = an_account(credits=2)
    people = customers(account, 5)
    without("location", people[2:])
    campaign = a_campaign(account, customer_ids=people, template="{location}")
    estimate = preview_messages(asking(), campaign.id).estimate
    assert (estimate.recipients, estimate.credits, estimate.exact) == (2, 2, True)
    skipped = [message.skipped for message in preview_messages(asking(), campaign.id).messages]
    assert skipped == [None, None, *["blank_text"] * 3]
    assert enqueue_campaign(asking(), campaign.id).queued == 2
    assert states(campaign.id) == {"pending": 2, "skipped": 3}
    again = a_campaign(account, customer_ids=people, template="{location} ")
    with pytest.raises(InsufficientCredits) as refused:
        enqueue_campaign(asking(), again.id)
    assert refused.value.details["needed"] == 2


@pytest.mark.parametrize("template", ["{location}", "{location}\u200b\n", "{{ ' ' }}"])
def test_a_text_that_is_blank_for_everyone_is_refused_with_the_reason(template):
    account = an_account()
    without("location", customers(account, 3))
    campaign = a_campaign(account, everyone=True, template=template)
    before = stored_rows()
    with pytest.raises(NoRecipients, match="blank for everyone"):
        enqueue_campaign(asking(), campaign.id)
    assert stored_rows() == before


def test_who_opted_out_is_skipped_for_that():
    account = an_account()
    people = customers(account, 2)
    without("location", people[:1])
    without("consent", people[:1], "unsubscribed")
    enqueue_campaign(asking(), a_campaign(account, customer_ids=people, template="{location}").id)
    assert rows("SELECT reason FROM message WHERE state = 'skipped'") == [{"reason": "opted_out"}]


def test_a_test_says_what_it_lacks_too():
    account = an_account()
    without("first_name", customers(account, 1, first_phone="+306912222222"), "")
    tested = send_test(asking(), a_campaign(account, everyone=True).id, ["+306912222222", "+306913333333"])
    assert counted(tested.gaps) == {"first_name": 1}


def test_a_large_audience_is_told_before_its_jobs_run(configure):
    configure(ENQUEUE_INLINE_LIMIT=2)
    account = an_account()
    without("first_name", customers(account, 3)[:1], "")
    started = enqueue_campaign(asking(), a_campaign(account, everyone=True).id)
    assert (started.status, counted(started.gaps)) == ("preparing", {"first_name": 1})


def test_a_long_text_is_quoted_in_part_and_shown_whole():
    account = an_account()
    without("first_name", customers(account, 1), "")
    campaign = a_campaign(account, everyone=True, template="x" * 500 + "{first_name}")
    template = compile_template(campaign.base_template)
    found = Campaign.find(campaign.id, account.id)
    [gap] = reach_of(Audience.of(found), template).gaps
    assert len(gap.text) == 500
    assert "x" * 160 + "…" in gap.message
    assert "x" * 161 not in gap.message
