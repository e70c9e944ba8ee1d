"""Fetches a remote audience page by page into the campaign's chosen customers, as the first part of its preparation.

A page's customers, their choice, the counts and the cursor are one transaction under the preparation's token. A crash
loses nothing, and a page that the service repeats changes nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from psycopg.errors import DeadlockDetected, UniqueViolation
from yarl import URL

from config.settings import settings
from dispatch.accounts.accounts import account_with_id
from dispatch.audience.conditions import read_conditions
from dispatch.clients.businesses import read_capacity
from dispatch.clients.mapping import business_url
from dispatch.clients.reading import Reader
from dispatch.clients.tokens import Tokens
from dispatch.clients.users import UserPage, read_users
from dispatch.customers.remote_users import UNREADABLE, keep_users, sort_users
from dispatch.errors import DispatchError, RemoteFailed, RemoteNotConfigured
from dispatch.start.lost import PreparationLost
from models.campaigns.preparation import ClaimedCampaign
from models.campaigns.remote_fetch import FetchedPage, RemoteFetch
from models.database import db

log = structlog.get_logger()

# A service whose pages never end would fill the table.
MAX_USERS = 50_000_000
# So would one whose pages are empty and always name another one never let the campaign start. A service that filters
# what it has paged may well have many of them before the next user.
MAX_EMPTY_PAGES = 1000
# How often a page is written when another transaction takes one of its phones at the same time.
WRITES_OF_A_PAGE = 3


@dataclass(frozen=True, slots=True)
class RemoteServices:
    """Where an account's users and capacity are read."""

    users: URL
    business: URL
    business_id: str
    country: str | None
    tokens: Tokens


def remote_services(account_id: UUID) -> RemoteServices:
    """Returns the account's services; RemoteNotConfigured names what is missing. Nothing is asked of them yet."""
    chosen = settings()
    if not chosen.user_service_url:
        raise RemoteNotConfigured("USER_SERVICE_URL is not set; a remote audience needs it.")
    tokens = Tokens.of(chosen)
    account = account_with_id(account_id)
    if not account.business_id:
        raise RemoteNotConfigured(
            "The account has no business id; set it with `account change NAME --business-id TEXT`."
        )
    return RemoteServices(
        users=URL(chosen.user_service_url),
        business=business_url(account.business_id, chosen),
        business_id=account.business_id,
        country=account.country,
        tokens=tokens,
    )


def fetch_audience(campaign: ClaimedCampaign, *, until: Callable[[], bool]) -> bool:
    """Fetches until the audience ends (True) or `until` says to stop (False).

    PreparationLost when the campaign's token no longer holds, RemoteFailed or RemoteNotConfigured when a service
    cannot be read; the next start then continues at the same page.
    """
    services = remote_services(campaign.account_id)
    with db.atomic():
        fetch = RemoteFetch.begin(campaign.id, campaign.prep_token, services.business_id)
    if fetch is None:
        raise PreparationLost
    if fetch.state == "done":
        return True
    try:
        with _reading(campaign, services) as read:
            while fetch.state == "fetching":
                if until():
                    return False
                fetch = _take_page(campaign, fetch, services, *read(fetch))
                if fetch.state == "fetching" and fetch.empty_pages >= MAX_EMPTY_PAGES:
                    raise RemoteFailed(f"user-service answered with {fetch.empty_pages:,} empty pages in a row.")
    except DispatchError as problem:
        RemoteFetch.fail(campaign.id, campaign.prep_token, problem.message)
        log.warning("audience.not_fetched", campaign_id=campaign.id, code=problem.code, problem=problem.message)
        raise
    log.info("audience.fetched", campaign_id=campaign.id, users=fetch.users_seen, kept=fetch.users_kept)
    return True


Read = Callable[[RemoteFetch], tuple[int | None, UserPage]]


@contextmanager
def _reading(campaign: ClaimedCampaign, services: RemoteServices) -> Iterator[Read]:
    """Yields what reads the capacity and the page at the fetch's cursor; both share connections and token."""
    conditions = [each.model_dump(mode="json") for each in read_conditions(campaign.remote_filter).conditions]
    reader = Reader(services.tokens, request_id=campaign.correlation_id)

    async def read(fetch: RemoteFetch) -> tuple[int | None, UserPage]:
        capacity = fetch.capacity
        if fetch.pages == 0:
            capacity = await read_capacity(reader, services.business, services.business_id, campaign.channel)
        if capacity == 0:
            return 0, UserPage([], 0, None)
        return capacity, await read_users(
            reader,
            services.users,
            services.business_id,
            campaign.channel,
            conditions,
            limit=settings().user_query_page_size,
            cursor=fetch.cursor,
        )

    with asyncio.Runner() as loop:
        loop.run(reader.open())
        try:
            yield lambda fetch: loop.run(read(fetch))
        finally:
            loop.run(reader.close())


def _take_page(
    campaign: ClaimedCampaign, fetch: RemoteFetch, services: RemoteServices, capacity: int | None, page: UserPage
) -> RemoteFetch:
    """Writes one page and returns the fetch after it."""
    if fetch.users_seen + len(page.users) > MAX_USERS:
        raise RemoteFailed(f"user-service answered with more than {MAX_USERS:,} users.")
    for writes_left in reversed(range(WRITES_OF_A_PAGE)):
        try:
            return _write_page(campaign, fetch, services, capacity, page)
        except (UniqueViolation, DeadlockDetected):
            if not writes_left:
                raise
    raise AssertionError("the last try either returns or raises")


def _write_page(
    campaign: ClaimedCampaign, fetch: RemoteFetch, services: RemoteServices, capacity: int | None, page: UserPage
) -> RemoteFetch:
    users = sort_users(page.users, services.country)
    room = None if capacity is None else capacity - fetch.users_kept
    with db.atomic():
        kept, rejected = keep_users(campaign.account_id, campaign.id, users, country=services.country, room=room)
        rejected += Counter({UNREADABLE: page.unreadable})
        advanced = RemoteFetch.advance(
            fetch,
            campaign.prep_token,
            FetchedPage(
                kept=kept,
                rejected=dict(rejected),
                next=page.next,
                is_last=page.next is None or kept == room,
            ),
            capacity=capacity,
        )
        if advanced is None:
            raise PreparationLost
    return advanced
