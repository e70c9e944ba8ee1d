"""Checks a campaign's audience: it has one kind and belongs to the campaign's account."""

from collections.abc import Sequence
from uuid import UUID

from dispatch.audience.segments import check_segment
from dispatch.errors import CustomerNotFound, EmptyCustomerIds, InvalidRequest, NotFound
from dispatch.formats.checks import can_be_id
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import NewPart
from models.customers.lists import CustomerList


def audience_kind(
    *,
    customer_ids: Sequence[int] | None,
    list_id: int | None,
    segment_id: int | None,
    everyone: bool,
    remote: object | None = None,
    combined: object | None = None,
) -> str | None:
    """Returns the kind of the given audience, or None if none is given; InvalidRequest when there is more than one."""
    kinds = {
        "customers": customer_ids is not None,
        "list": list_id is not None,
        "everyone": everyone,
        "segment": segment_id is not None,
        "remote": remote is not None,
        "combined": combined is not None,
    }
    given = [kind for kind, is_given in kinds.items() if is_given]
    if len(given) > 1:
        raise InvalidRequest(
            "A campaign has one audience: customers, a list, a segment, everyone, remote or combined; "
            f"given: {', '.join(given)}.",
            field="audience",
        )
    if customer_ids is not None and not customer_ids:
        raise EmptyCustomerIds("customer_ids is empty; name at least one customer.", field="customer_ids")
    return given[0] if given else None


def check_list(account_id: UUID, list_id: int | None) -> None:
    """Refuses a list that is not the account's, and locks any other until the transaction ends."""
    if list_id is not None and not (can_be_id(list_id) and CustomerList.keep(list_id, account_id)):
        raise NotFound("There is no such list.", list_id=list_id)


def check_parts(account_id: UUID, parts: Sequence[NewPart]) -> None:
    """Refuses parts that are not the account's, and locks any others until the transaction ends."""
    # In one order, so that two campaigns with the same parts cannot lock each other out.
    for list_id in sorted(part.list_id for part in parts if part.list_id is not None):
        check_list(account_id, list_id)
    for segment_id in sorted(part.segment_id for part in parts if part.segment_id is not None):
        check_segment(account_id, segment_id)


def choose_customers(account_id: UUID, campaign_id: int, customer_ids: Sequence[int]) -> int:
    """Adds the customers to the campaign's choice and returns how many are new; CustomerNotFound unless all exist."""
    wanted = set(customer_ids)
    storable = [customer_id for customer_id in wanted if can_be_id(customer_id)]
    added = CampaignCustomer.choose(account_id, campaign_id, storable)
    if added == len(wanted):
        return added
    missing = sorted(wanted - CampaignCustomer.ids(campaign_id))
    if missing:
        raise CustomerNotFound.with_ids(missing)
    return added
