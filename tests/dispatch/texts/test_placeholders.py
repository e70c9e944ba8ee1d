"""Attributes as placeholders: known at every door, written as they came in, and refused with the nearest name."""

import json
from uuid import uuid4

import pytest

from dispatch.audience.text_check import check_text
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.previews import personalized_preview, preview_messages
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidTemplate
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test
from dispatch.texts.placeholders import MAX_LISTED, compile_for, nearest_to
from dispatch.texts.stored import create_template, edit_template
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    """Two customers; the first has every kind of attribute."""
    made = an_account(country="GR")
    ids = customers(made, 2)
    attributes = {
        "coupon": "SPRING-7",
        "points": 12.50,
        "age": 41,
        "vip": True,
        "Order No": "Ω 17",
        "order-no": "x-1",
        "πόντοι": "πέντε",
        "likes": ["shoes"],
        "address": {"street": "Ermou"},
        "gone": None,
        "first_name": "not this one",
        "zone": "B",
        "id": "Z9",
    }
    rows("UPDATE customer SET attributes = %s WHERE id = %s", [json.dumps(attributes), ids[0]])
    return made


def texts(campaign_id):
    return [
        message["body"] for message in rows("SELECT body FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    ]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Your code: {coupon}", "Your code: SPRING-7"),
        ("Your code: {{ coupon|lower }}", "Your code: spring-7"),
        ("{points} points at {age}, vip: {vip}", "12.5 points at 41, vip: true"),
        ("Order {Order No} or {order-no}", "Order Ω 17 or x-1"),
        ("{πόντοι}", "πέντε"),
        ("a{likes}{address}{gone}b", "ab"),
        ("{first_name} {zone} {id}", "First0 B Z9"),
    ],
)
def test_preview_and_message_show_an_attribute_as_it_came_in(account, template, text):
    campaign = a_campaign(account, everyone=True, template=template)
    assert preview_messages(asking(), campaign.id).messages[0].text == text
    assert personalized_preview(asking(), campaign.id, 1).rendered_message == text
    enqueue_campaign(asking(), campaign.id)
    assert texts(campaign.id)[0] == text


def test_a_column_of_an_imported_file_is_a_placeholder():
    account = an_account(country="GR")
    import_customers(
        asking(account.id),
        ["phone,First Name,Coupon Code\n", "6912345678,Anna,X1\n"],
        list_name="spring",
        default_country="GR",
    )
    campaign = a_campaign(account, everyone=True, template='{first_name}: {{ coupon_code|fallback("none") }}')
    enqueue_campaign(asking(), campaign.id)
    assert texts(campaign.id) == ["Anna: X1"]


def test_an_attribute_that_some_lack_has_a_fallback_or_leaves_a_gap(account):
    campaign = a_campaign(account, everyone=True, template='{coupon} {{ age|fallback("?") }}')
    [gap] = preview_messages(asking(), campaign.id).gaps
    assert (gap.placeholder, gap.people, gap.text) == ("coupon", 1, " ?")
    assert 'Write {{ coupon|fallback("…") }}' in gap.message
    enqueue_campaign(asking(), campaign.id)
    assert texts(campaign.id) == ["SPRING-7 41", " ?"]


@pytest.mark.parametrize("value", ["", " ", "null", "[1]", "{}"])
def test_an_attribute_that_is_empty_or_nested_leaves_a_gap(account, value):
    written = value if value in ("null", "[1]", "{}") else json.dumps(value)
    rows("UPDATE customer SET attributes = jsonb_build_object('coupon', %s::jsonb) WHERE id = 1", [written])
    assert [gap.people for gap in check_text(asking(account.id), "{coupon}").gaps] == [2]


DOORS = {
    "create": lambda account, text: create_campaign(asking(account.id), CampaignDraft(name="x", template=text)),
    "edit": lambda account, text: edit_campaign(asking(), a_campaign(account).id, {"template": text}),
    "store": lambda account, text: create_template(asking(account.id), name=str(uuid4()), body=text),
    "restore": lambda account, text: edit_template(
        asking(), create_template(asking(account.id), name=str(uuid4()), body="Hi").id, body=text
    ),
    "override": lambda account, text: personalized_preview(
        asking(), a_campaign(account).id, customers(account, 1)[0], override_template=text
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_knows_the_accounts_attributes_and_no_others(account, door):
    DOORS[door](account, "Your code: {coupon}")
    stranger = an_account()
    with pytest.raises(InvalidTemplate) as refused:
        DOORS[door](stranger, "Your code: {coupon}")
    assert refused.value.details["unknown"] == ["coupon"]
    with pytest.raises(InvalidTemplate, match=r"Did you mean \{coupon\}\?"):
        DOORS[door](account, "Your code: {cuopon}")


def test_a_check_for_an_account_knows_its_attributes_and_counts_its_people(account):
    checked = check_text(asking(account.id), "Your code: {coupon}. Answer STOP to end.")
    assert (checked.valid, checked.sample) == (True, "Your code: coupon. Answer STOP to end.")
    assert [(gap.placeholder, gap.people) for gap in checked.gaps] == [("coupon", 1)]
    assert [(warning.code, warning.message) for warning in checked.warnings] == [
        ("empty_placeholder", checked.gaps[0].message)
    ]


@pytest.mark.parametrize("known_to", ["stranger", "no account"])
def test_a_check_for_another_account_or_for_none_does_not_know_them(account, known_to):
    caller = asking(ALL_ACCOUNTS if known_to == "no account" else an_account().id)
    checked = check_text(caller, "Your code: {coupon}")
    assert (checked.valid, checked.unknown, checked.gaps) == (False, ["coupon"], [])


def test_the_refusal_lists_what_is_there(account):
    with pytest.raises(InvalidTemplate) as refused:
        compile_for(account.id, "{xyz}")
    assert "first_name, last_name, location, phone, prefered_product" in refused.value.message
    assert "Order No, address, age, coupon" in refused.value.message
    assert "Did you mean" not in refused.value.message


def test_the_list_of_a_refusal_ends_somewhere(account):
    many = {f"a{n:03d}": n for n in range(MAX_LISTED + 25)}
    rows("UPDATE customer SET attributes = %s", [json.dumps(many)])
    with pytest.raises(InvalidTemplate, match="a049 and 25 more"):
        compile_for(account.id, "{xyz}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("frist_name", "first_name"),
        ("firstName", "first_name"),
        ("First_Name", "first_name"),
        ("FIRST NAME", "first_name"),
        ("firstname", "first_name"),
        ("name", "last_name"),
        ("preferred_product", "prefered_product"),
        ("Coupon", "coupon"),
        ("cupon", "coupon"),
        ("order no", "Order No"),
        ("xyz", None),
    ],
)
def test_the_nearest_name_is_what_was_meant(written, meant):
    known = ["first_name", "last_name", "location", "phone", "prefered_product", "Order No", "coupon", "gone"]
    assert nearest_to(written, known) == meant


def test_an_attribute_that_no_one_has_any_more_is_a_gap_for_all(account):
    campaign = a_campaign(account, everyone=True, template="Hi {first_name}, {coupon}")
    rows("UPDATE customer SET attributes = '{}'")
    [gap] = enqueue_campaign(asking(), campaign.id).gaps
    assert (gap.placeholder, gap.people) == ("coupon", 2)


def test_a_test_to_a_stranger_shows_the_names_of_attributes(account):
    tested = send_test(asking(), a_campaign(account, template="Your code: {coupon}").id, ["6913333333"])
    assert texts(tested.campaign_id) == ["Your code: coupon"]


@pytest.mark.parametrize("name", ["x" * 100, "π" * 64])
def test_a_long_name_is_not_cut_off(account, name):
    rows("UPDATE customer SET attributes = %s", [json.dumps({name: "whole", name[:63]: "cut", name[:31]: "cut"})])
    campaign = a_campaign(account, everyone=True, template=f"{{{name}}}")
    enqueue_campaign(asking(), campaign.id)
    assert texts(campaign.id) == ["whole", "whole"]
