"""A placeholder that would show a date as it is stored is warned of, with how to write it."""

import pytest

from dispatch.audience.text_check import check_text
from dispatch.campaigns.previews import preview_messages
from dispatch.customers.customers import create_customer
from dispatch.errors import InvalidTemplate
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.template import compile_template
from tests.factories import a_campaign, an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    account = an_account(country="GR")
    attributes = {"appointment": "2026-12-24T10:30", "birthday": "2000-05-17", "next visit": "2027-01-02", "code": "A1"}
    create_customer(asking(account.id), phone="+306912345678", attributes=attributes)
    create_customer(asking(account.id), phone="+306912345679", attributes={"birthday": ""})
    return account


def remarks(warnings):
    return [warning.message for warning in warnings if warning.code == "iso_date"]


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("On {appointment}", '{{ appointment|date("d/m H:i") }}'),
        ("On {{ birthday|trim }}", '{{ birthday|date("d/m") }}'),
        ("On {next visit}", '{next visit|date("d/m")}'),
        ('On {{ birthday|fallback("some day") }}', '{{ birthday|date("d/m") }}'),
    ],
)
def test_a_date_without_the_filter_is_warned_of_with_the_filter(account, text, suggested):
    [message] = remarks(check_text(asking(account.id), text).warnings)
    assert suggested in message
    assert remarks(check_text(asking(account.id), f"See {suggested}").warnings) == []


@pytest.mark.parametrize("text", ["{code}", "{first_name}", '{{ birthday|date("d/m") }}', "{{ birthday|truncate(4) }}"])
def test_other_placeholders_are_not(account, text):
    assert remarks(check_text(asking(account.id), text).warnings) == []


def test_preview_and_start_of_a_campaign_warn_too(account):
    campaign = a_campaign(account, everyone=True, template="On {appointment}")
    assert len(remarks(preview_messages(asking(), campaign.id).warnings)) == 1
    assert len(remarks(enqueue_campaign(asking(), campaign.id).warnings)) == 1


@pytest.mark.parametrize("pattern", ["%d/%m", "%Y", "d/m %H:%i"])
def test_percent_signs_of_other_languages_are_refused_in_a_date(pattern):
    with pytest.raises(InvalidTemplate, match="leave out the percent signs"):
        compile_template(f'{{{{ appointment|date("{pattern}") }}}}')
