"""Sends campaigns in a test, through the real send path to a scripted provider."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from config.settings import settings
from dispatch.accounts.accounts import AccountView
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.providers import Answer
from dispatch.sending.courier import Courier
from dispatch.start.enqueue import enqueue_campaign
from dispatch.tracing.place import begin
from models.campaigns.preparation import ClaimedCampaign, Start, claim
from models.database import db, row, rows
from models.messages import batch, claiming, recording
from models.messages.message import Claimed
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider

REJECTED = Answer("rejected", error_code="no_such_number")


def started(account: AccountView | None = None, *, recipients: int, **options: Any) -> int:
    """Starts a campaign to so many new customers and returns its id."""
    campaign = a_campaign(account or an_account(credits=100_000), recipients=recipients, **options)
    enqueue_campaign(asking(), campaign.id)
    return campaign.id


@contextmanager
def courier(provider: ScriptedProvider) -> Iterator[Courier]:
    """Returns what a send worker sends with."""
    made = Courier(provider, settings())
    try:
        yield made
    finally:
        made.close()


def deliver(provider: ScriptedProvider, campaign_id: int, number: int = 0) -> int:
    """Sends what is due, beginning with this batch, as one job does; returns how many messages it claimed."""
    with courier(provider) as made:
        return made.deliver(campaign_id, number)


@contextmanager
def delivering(provider: ScriptedProvider, campaign_id: int) -> Iterator[Courier]:
    """Runs a worker on the campaign in a thread; at the end of the block the provider answers what it held back."""
    with courier(provider) as made, ThreadPoolExecutor(1) as pool:

        def work() -> int:
            with db.connection_context():
                return made.deliver(campaign_id, 0)

        done = pool.submit(work)
        try:
            yield made
        finally:
            provider.release()
        done.result(timeout=60)


def claimed_by_no_one_left(campaign_id: int, want: int, *, number: int = 0, token: int = 1000) -> list[Claimed]:
    """Claims messages of a batch as a worker that dies right after its claim; none when it cannot take the batch."""
    entered = batch.take(campaign_id, token=token, number=number)
    if entered is None:
        return []
    nothing = recording.answers(campaign_id, [], token=token, provider="none", batch_size=1, current=number)
    with db.atomic(), db.connection().cursor() as cursor:
        recording.record(cursor, nothing)  # locks the batch
        claiming.claim(cursor, campaign_id, entered, want=want, token=token, lease_sec=30, caps=None)
        return claiming.taken(cursor, token=token).messages


def end_leases() -> None:
    """Lets the lease of everything in flight run out."""
    rows("UPDATE message SET lease_until = now() - interval '1 second' WHERE state = 'sending'")
    rows("UPDATE batch SET lease_until = now() - interval '1 second' WHERE cardinality(in_flight) > 0")


def answering(*, reject: Sequence[str] = (), lose: Sequence[str] = ()) -> ScriptedProvider:
    """Returns a provider that rejects the phones in `reject`, loses answers for those in `lose`, and accepts others."""
    return ScriptedProvider(
        {phone: [REJECTED] for phone in reject} | {phone: [Answer("unknown")] for phone in lose},
    )


def start_and_deliver(campaign: CampaignView, **answers: Sequence[str]) -> CampaignView:
    """Starts a campaign, sends it to a provider `answering` like this, and returns its view."""
    enqueue_campaign(asking(), campaign.id)
    deliver(answering(**answers), campaign.id)
    return read_campaign(asking(), campaign.id)


def undelivered(campaign_id: int, phone: str) -> None:
    """Does what a delivery receipt will do: the provider accepted the message, and it did not arrive."""
    moved = row(
        """WITH moved AS (UPDATE message SET state = 'undelivered'
             WHERE campaign_id = %s AND phone = %s AND state = 'sent' RETURNING campaign_id)
           UPDATE batch SET sent = sent - 1, undelivered = undelivered + 1 FROM moved
           WHERE batch.campaign_id = moved.campaign_id RETURNING number""",
        [campaign_id, phone],
    )
    assert moved


def start_claim(campaign_id: int, *, batch_size: int, recipients: int) -> ClaimedCampaign:
    """Claims a campaign for preparation, as its start does, and leaves the rest to the test."""
    start = Start(
        batch_size=batch_size,
        actor="test",
        request_id="test",
        traceparent=str(begin()),
        only_if_due=False,
        recipients=recipients,
        changed=0,
    )
    found = claim(campaign_id, start)
    assert found is not None
    return found
