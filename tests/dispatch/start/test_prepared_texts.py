"""What a preparation writes for each recipient, read back from the database, against rendering them one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from dispatch.accounts.accounts import change_account
from dispatch.start import chunk, preparation
from dispatch.texts.filters import is_blank
from dispatch.texts.sms import measure_for
from dispatch.texts.template import compile_template
from dispatch.texts.typography import fold
from models.database import rows
from tests.clock import stopped_clock
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import start_claim

pytestmark = pytest.mark.usefixtures("db", "redis")

EVENING = datetime(2030, 1, 7, 21, tzinfo=UTC)
TEXTS = [
    "Hi {first_name}, {prefered_product} is 20% off. \\N \\. {{ '{' }}%s€",
    "Γειά σου {{ first_name|fallback('φίλε')|upper }}\n\tΠαραγγελία {order-no}\r\n",
    "{first_name}",
    "{{ location|title }}{{ first_name|truncate(3) }}{city}",
]
NAMES = [
    *(
        "Anna",
        None,
        "",
        " \u200b",
        "\\N",
        "\\.",
        "a\tb\nc\rd\ve\fg\bh",
        'C:\\new"',
        "Γιώργος",
        "Zoë",
        "“Ali”…",
        "😀" * 30,
    )
]
ATTRIBUTES = [
    *({}, {"order-no": 7, "city": "Köln"}, {"order-no": True, "city": None}, {"order-no": ["x"], "city": {"a": 1}}),
]


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 12)
    monkeypatch.setattr(chunk, "RENDERED_TOGETHER", 5)


def people(account, names):
    ids = customers(account, len(names))
    for at, (customer_id, name) in enumerate(zip(ids, names, strict=True)):
        rows(
            "UPDATE customer SET first_name = %s, location = %s, attributes = %s WHERE id = %s",
            [name or "", name, Jsonb(ATTRIBUTES[at % len(ATTRIBUTES)]), customer_id],
        )
    return ids


def prepared(campaign_id, *, recipients):
    """Prepares the campaign in batches of four and returns what it wrote, with the values of each customer."""
    campaign = start_claim(campaign_id, batch_size=4, recipients=recipients)
    assert preparation.prepare(campaign)
    written = rows(
        """SELECT m.*, cu.first_name, cu.location, cu.prefered_product, cu.attributes ->> 'city' AS city,
                  CASE WHEN jsonb_typeof(cu.attributes -> 'order-no') <> 'array' THEN cu.attributes ->> 'order-no' END
                      AS order_no, jsonb_typeof(cu.attributes -> 'city') AS kind
           FROM message m JOIN customer cu ON cu.id = m.customer_id WHERE m.campaign_id = %s ORDER BY n""",
        [campaign_id],
    )
    return campaign, written


def expected(campaign, message):
    city = None if message["kind"] == "object" else message["city"]
    body = compile_template(campaign.template).render(
        {**message, "attributes.city": city, "attributes.order-no": message["order_no"]}
    )
    measured = measure_for(campaign.channel, body)
    if campaign.fold_typography:
        body, measured = fold(body, measured)
    reason = "blank_text" if is_blank(body) else None
    return body, measured.encoding, measured.segments, reason, "skipped" if reason else "pending"


def check(campaign, written, *, recipients):
    assert [message["n"] for message in written] == list(range(recipients))
    for message in written:
        found = tuple(message[name] for name in ("body", "encoding", "segments", "reason", "state"))
        assert found == expected(campaign, message)
    [counted] = rows(
        "SELECT sum(price)::int AS price, sum(pending)::int AS pending, sum(skipped)::int AS skipped FROM batch"
        " WHERE campaign_id = %s",
        [campaign.id],
    )
    pending = [message["segments"] for message in written if message["state"] == "pending"]
    assert counted == {"price": sum(pending), "pending": len(pending), "skipped": recipients - len(pending)}
    assert rows("SELECT prep_price, recipients FROM campaign WHERE id = %s", [campaign.id]) == [
        {"prep_price": sum(pending), "recipients": recipients}
    ]


@pytest.mark.parametrize("folds", [False, True])
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_stored_as_it_was_rendered_and_priced(text, channel, folds):
    account = an_account()
    people(account, NAMES * 3)
    campaign = a_campaign(account, everyone=True, template=text, channel=channel, fold_typography=folds)
    check(*prepared(campaign.id, recipients=3 * len(NAMES)), recipients=3 * len(NAMES))


ANY_CHARACTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=120)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=st.lists(ANY_CHARACTERS, min_size=1, max_size=30))
def test_a_name_of_any_characters_reaches_its_recipient(names):
    account = an_account()
    people(account, names)
    campaign = a_campaign(account, everyone=True, template="\\{first_name}\t€{{ location|fallback('no|where') }}")
    check(*prepared(campaign.id, recipients=len(names)), recipients=len(names))


def test_with_quiet_hours_every_message_has_its_own_text_and_its_own_time():
    account = an_account()
    change_account(asking(account.id), {"quiet_hours": "22:00-09:00", "cap_per_day": 3})
    ids = people(account, NAMES * 3)
    rows("UPDATE customer SET zone = 'America/New_York' WHERE id %% 3 = 0", [])
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [ids[0]])
    with stopped_clock(EVENING):
        campaign = a_campaign(account, everyone=True, template="{first_name}!\n")
        claimed, written = prepared(campaign.id, recipients=len(ids) - 1)
    check(claimed, written, recipients=len(ids) - 1)
    by_zone = {(message["zone"], message["not_before"]) for message in written}
    assert by_zone == {("America/New_York", None), ("Europe/Athens", EVENING + timedelta(hours=10))}
    assert sorted(message["customer_id"] for message in written) == ids[1:]
