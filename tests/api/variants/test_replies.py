"""Replies that count for the text that they answer, posted as a provider posts them."""

from urllib.parse import urlsplit

import pytest

from config.settings import settings
from dispatch.providers.link import hooks_of
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.variants import Variant
from models.database import rows
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.receipts.saying import sends_as
from tests.factories import a_campaign, an_account, asking
from tests.sending import deliver

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def writes(client, account, configure):
    """A person writes back through the simulator's dialect of the hooks; returns what the hook answered."""
    configure(PUBLIC_URL="https://campaigns.example.com")
    provider = a_provider(account)
    hooks = hooks_of(settings(), provider.kind, provider.id, account.id)

    def post(phone, text, key):
        path = f"{urlsplit(hooks.url).path}/inbound?key={hooks.keys[0]}"
        return client.post(path, json={"id": key, "from": phone, "text": text})

    post.provider = provider
    return post


def test_replies_and_stops_count_for_the_text_that_each_person_got(account, call, writes):
    variants = [Variant(text="Hi {first_name}!"), Variant(text="Hello {first_name}!")]
    campaign = a_campaign(account, recipients=40, template="", variants=variants, hold_back=20)
    enqueue_campaign(asking(), campaign.id)
    deliver(sends_as(writes.provider), campaign.id)
    got = {None: [], 1: [], 2: []}
    for each in rows("SELECT variant, phone FROM message WHERE campaign_id = %s ORDER BY n", [campaign.id]):
        got[each["variant"]].append(each["phone"])
    said = [
        *((phone, "Yes, please") for phone in got[1][:3]),
        *((phone, "No thanks") for phone in got[2][:5]),
        (got[2][5], "STOP"),
        # Twice by one person counts once, and so does STOP after a question.
        (got[1][0], "Until when?"),
        (got[1][1], "stop"),
        # Someone who is held back answers no text of the campaign; nor does a stranger.
        (got[None][0], "Hello?"),
        ("+306999999999", "Who is this?"),
    ]
    for number, (phone, text) in enumerate(said):
        answer = writes(phone, text, f"in-{number}")
        assert answer.status_code == 204, answer.text
    # The provider posts the first one again.
    assert writes(*said[0], "in-0").status_code == 204
    assert call("GET", "/api/replies").json["pagination"]["total_count"] == len(said)
    first, second = call("GET", f"/api/campaigns/{campaign.id}/results?by=replied").json["variants"]
    assert (first["replied"], first["opted_out"]) == (3, 1)
    assert (second["replied"], second["opted_out"]) == (5, 1)


def test_a_reply_from_someone_who_got_a_later_campaign_does_not_count_for_a_text(account, call, writes):
    variants = [Variant(text="Hi"), Variant(text="Hello")]
    campaign = a_campaign(account, recipients=4, template="", variants=variants)
    later = a_campaign(account, list_id=campaign.audience.list_id)
    for each in (campaign, later):
        enqueue_campaign(asking(), each.id)
        deliver(sends_as(writes.provider), each.id)
    [phone] = [each["phone"] for each in rows("SELECT phone FROM message WHERE campaign_id = %s LIMIT 1", [later.id])]
    writes(phone, "Yes", "in-1")
    [reply] = call("GET", "/api/replies").json["data"]
    assert reply["campaign_id"] == later.id
    shown = call("GET", f"/api/campaigns/{campaign.id}/results").json["variants"]
    assert [each["replied"] for each in shown] == [0, 0]
