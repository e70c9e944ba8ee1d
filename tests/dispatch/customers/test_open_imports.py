"""A campaign does not start on the part of its audience that an import has added by now."""

import threading
from io import BytesIO

import pytest

from dispatch.campaigns.reading import read_campaign
from dispatch.customers import imports
from dispatch.customers.import_upload import Wish, read_import, start_import
from dispatch.customers.imports import import_customers
from dispatch.errors import ImportRunning
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_to_rest
from dispatch.start.sweep import sweep_due
from models.customers import import_commands
from models.customers.lists import CustomerList
from models.database import db as database
from models.database import row, rows
from tests.dispatch.customers.importing import run
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, combined, customers
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

LINES = ["phone\n", "6900000001\n", "6900000002\n", "6900000003\n"]


@pytest.fixture
def account():
    return an_account(country="GR")


@pytest.fixture
def spring(account):
    """A list with one customer."""
    return a_list(account, 1, name="spring")


def upload(account):
    return start_import(asking(account.id), BytesIO("".join(LINES).encode()), Wish("spring"))


def start(campaign, **options):
    return enqueue_campaign(asking(), campaign.id, **options)


def test_a_start_by_hand_is_refused_with_the_progress_of_the_import(account, spring, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 1)
    campaign = a_campaign(account, list_id=spring)
    running = upload(account)
    with pytest.raises(ImportRunning, match="0 lines so far"):
        start(campaign)
    run(running.id, seconds=0)
    with pytest.raises(ImportRunning, match="list spring: 100 % of its file is read, 1 line so far") as refused:
        start(campaign)
    assert refused.value.details == {
        "import_id": running.id,
        "status": "running",
        "bytes": running.size,
        "size": running.size,
        "lines": 1,
        "imported": 1,
        "updated": 0,
        "repeated": 0,
        "rejected": 0,
    }
    assert read_campaign(asking(), campaign.id).status == "draft"
    while run(running.id, seconds=0).status == "running":
        pass
    assert start(campaign).queued == 4


def test_a_start_anyway_goes_to_those_who_are_there(account, spring):
    campaign = a_campaign(account, list_id=spring)
    upload(account)
    assert start(campaign, anyway=True).queued == 1


def test_an_import_holds_up_only_campaigns_whose_audience_it_changes(account, spring):
    upload(account)
    other = an_account()
    for free in (
        a_campaign(account, recipients=1),
        a_campaign(account, customer_ids=customers(account, 1)),
        a_campaign(other, list_id=a_list(other, 1, name="spring")),
    ):
        assert start(free).status == "sending"
    for held in (
        a_campaign(account, everyone=True),
        a_campaign(account, segment_id=a_segment(account, "location", "eq", "Athens")),
        a_campaign(account, list_id=spring),
    ):
        with pytest.raises(ImportRunning):
            start(held)


@pytest.mark.parametrize("role", ["lists", "except_lists"])
def test_a_start_waits_for_an_import_into_any_list_of_its_audience_also_an_excluded_one(account, spring, role):
    other = a_list(account, 2)
    held = a_campaign(account, combined=combined(**{"lists": [other]} | {role: [spring]}))
    free = a_campaign(account, combined=combined(lists=[other], except_lists=[a_list(account, 1)]))
    upload(account)
    with pytest.raises(ImportRunning, match="the list spring"):
        start(held)
    assert start(free).queued == 2
    assert start(held, anyway=True).status == "sending"


@pytest.mark.parametrize("parts", [{"everyone": True}, {"segments": True}, {"except_segments": True, "lists": True}])
def test_a_start_for_everyone_or_a_segment_among_others_waits_for_any_import(account, spring, parts):
    made = {
        "everyone": lambda: True,
        "lists": lambda: [a_list(account, 1)],
        "segments": lambda: [a_segment(account, "location", "eq", "Athens")],
        "except_segments": lambda: [a_segment(account, "location", "eq", "Patras")],
    }
    campaign = a_campaign(account, combined=combined(**{role: made[role]() for role in parts}))
    upload(account)
    with pytest.raises(ImportRunning):
        start(campaign)


def test_an_import_that_has_nobody_yet_is_the_reason_and_not_the_empty_list(account):
    upload(account)
    campaign = a_campaign(account, list_id=CustomerList.named(account.id, "spring").id)
    with pytest.raises(ImportRunning):
        start(campaign)


def test_the_rest_of_an_audience_waits_for_the_import_too(account, spring):
    campaign = a_campaign(account, list_id=spring)
    start(campaign)
    customers_on(spring, customers(account, 1))
    upload(account)
    with pytest.raises(ImportRunning):
        send_to_rest(asking(), campaign.id)
    assert send_to_rest(asking(), campaign.id, anyway=True).queued == 1


def customers_on(list_id, ids):
    rows(
        "INSERT INTO list_member SELECT account_id, %s, id FROM customer WHERE id = ANY(%s)",
        [list_id, ids],
    )


def test_a_scheduled_campaign_waits_for_the_import_and_starts_when_it_has_ended(account, spring):
    campaign = a_campaign(account, list_id=spring, due=True)
    running = upload(account)
    assert [error.error for error in sweep_due(asking()).errors] == ["IMPORT_RUNNING"]
    waiting = read_campaign(asking(), campaign.id)
    assert (waiting.status, waiting.blocked_reason) == ("scheduled", "IMPORT_RUNNING")
    assert sweep_due(asking()).processed_count == 0
    run(running.id)
    [started] = sweep_due(asking()).campaigns
    assert (started.campaign_id, started.recipient_count) == (campaign.id, 4)


def test_an_import_by_a_command_holds_up_campaigns_as_one_over_http_does(account, spring, monkeypatch):
    monkeypatch.setattr(imports, "LINES_PER_CHUNK", 1)
    campaign = a_campaign(account, list_id=spring)
    seen = []

    def look(report):
        with pytest.raises(ImportRunning, match="50 % of its file is read") as refused:
            start(campaign)
        seen.append(refused.value.details["lines"])

    options = {"list_name": "spring", "file_name": "people.csv", "size": 40, "position": lambda: 20}
    import_customers(asking(account.id), LINES, progress=look, default_country="GR", **options)
    assert seen == [1, 2, 3]
    done = read_import(asking(), 1)
    assert (done.status, done.file_name, done.lines, done.bytes) == ("done", "people.csv", 3, 40)
    assert start(campaign).queued == 4


def test_a_command_that_fails_or_is_interrupted_holds_up_nothing(account, spring):
    campaign = a_campaign(account, list_id=spring)

    def lines():
        yield from LINES
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_customers(asking(account.id), lines(), list_name="spring", default_country="GR")
    ended = read_import(asking(), 1)
    assert (ended.status, ended.error.startswith("The command was interrupted")) == ("failed", True)
    assert start(campaign).status == "sending"


def test_a_command_that_was_killed_is_found_dead_and_one_that_lives_is_left_alone(account, spring):
    campaign = a_campaign(account, list_id=spring, due=True)
    begun, killed = threading.Event(), threading.Event()

    def command():
        with database.connection_context():
            connection = database.connection()
            with database.atomic():
                options = {"list_id": spring, "list_name": "spring", "file_name": "", "country": "GR", "size": 0}
                import_commands.begin(account.id, **options, actor="test")
            begun.set()
            killed.wait()
            # As PostgreSQL sees the end of its process.
            connection.close()

    thread = threading.Thread(target=command)
    thread.start()
    assert begun.wait(30)
    assert sweep_due(asking()).errors[0].error == "IMPORT_RUNNING"
    assert "imports_failed" not in recover()
    killed.set()
    thread.join()
    # The server notices the end of a connection a moment later.
    wait_until(lambda: recover().get("imports_failed") == 1, "recovery ends the import")
    assert row("SELECT status, token FROM customer_import") == {"status": "failed", "token": None}
    assert [started.campaign_id for started in sweep_due(asking()).campaigns] == [campaign.id]
