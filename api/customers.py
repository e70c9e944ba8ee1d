"""Customers over HTTP."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api import request_id
from api.auth import SCHEME, caller
from api.errors import refusals
from api.pages import page_of
from api.schemas import Customer, CustomerQuery, Customers, NewCustomer, Organization
from dispatch import customers

blueprint = APIBlueprint(
    "customers",
    __name__,
    url_prefix="/api/customers",
    abp_tags=[Tag(name="customers")],
    abp_security=[{SCHEME: []}],
)


@blueprint.post("", summary="Add a customer", responses={201: Customer, **refusals("DUPLICATE", body=True)})
def create(query: Organization, body: NewCustomer) -> tuple[dict[str, Any], int]:
    """The phone is read once, here, and kept in E.164."""
    made = customers.create_customer(
        caller().one_account(),
        **body.model_dump(),
        actor=caller().actor,
        request_id=request_id.current(),
    )
    return made, 201


@blueprint.get("", summary="List customers, newest first", responses={200: Customers, **refusals()})
def index(query: CustomerQuery) -> dict[str, Any]:
    """Searched by name or phone with `q`."""
    found = customers.list_customers(caller().account_id, page=query.page, page_size=query.page_size, q=query.q)
    return page_of(found, query)
