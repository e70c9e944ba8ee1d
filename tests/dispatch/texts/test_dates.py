"""Dates in texts: written as people read them."""

import pytest

from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidTemplate
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.template import compile_template
from models.database import rows
from tests.factories import a_campaign, an_account, asking


@pytest.mark.parametrize(
    ("pattern", "value", "written"),
    [
        ("d/m", "2026-05-07", "07/05"),
        ("j.n.", "2026-05-07", "7.5."),
        ("d/m/Y", "2026-05-07T18:30", "07/05/2026"),
        ("d.m.y H:i", "2026-05-07 18:30", "07.05.26 18:30"),
        ("H:i", "2026-05-07T08:05:00+03:00", "08:05"),
        ("H:i", "2026-05-07", "00:00"),
        ("d/m", " 2026-05-07 ", "07/05"),
        ("d/m", "next week", "next week"),
        ("d/m", "2026-02-30", "2026-02-30"),
        ("d/m", "", ""),
        ("d/m", None, ""),
        ("d/m", 20260507, "20260507"),
    ],
)
def test_a_date_is_written_as_the_text_asks(pattern, value, written):
    template = compile_template(f'{{{{ appointment|date("{pattern}") }}}}')
    assert template.render({"attributes.appointment": value}) == written


def test_a_date_that_is_missing_has_a_fallback_or_leaves_a_gap():
    template = compile_template('{{ appointment|date("d/m")|fallback("soon") }} {{ visit|date("d/m") }}')
    assert template.render({}) == "soon "
    assert template.without_fallback == ("attributes.visit",)


@pytest.mark.parametrize("arguments", ["", "()", "(1)", '("")', '("dd MMM")', '("d", "m")', '("' + "d" * 31 + '")'])
def test_a_pattern_that_cannot_be_used_is_refused(arguments):
    with pytest.raises(InvalidTemplate, match="date"):
        compile_template(f"{{{{ appointment|date{arguments} }}}}")


def test_a_date_of_a_file_is_read_in_the_accounts_order_and_written_in_a_text(db, redis, tmp_path):
    account = an_account(country="GR")
    lines = ["phone,appointment\n", "6912345678,03/04/2026 9:30\n", "6912345679,05/17/2026\n"]
    rejects = tmp_path / "rejects.csv"
    report = import_customers(asking(account.id), lines, list_name="spring", default_country="GR", rejects_path=rejects)
    assert (report.imported, report.rejected) == (1, 1)
    assert "appointment: 05/17/2026 has the day first" in rejects.read_text()
    assert rows("SELECT attributes FROM customer") == [{"attributes": {"appointment": "2026-04-03T09:30"}}]
    campaign = a_campaign(account, everyone=True, template='See you on {{ appointment|date("j/n") }}!')
    enqueue_campaign(asking(), campaign.id)
    assert rows("SELECT body FROM message") == [{"body": "See you on 3/4!"}]
