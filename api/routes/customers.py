"""Customers over HTTP."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from api.http import request_id
from api.http.auth import SCHEME, caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.errors import refusals
from api.http.pages import page_of
from api.routes.schemas import (
    Customer,
    CustomerPath,
    CustomerQuery,
    Customers,
    EditedCustomer,
    NewCustomer,
    Organization,
)
from dispatch.customers import customers
from dispatch.customers.export import export_customers

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
    return customers.create_customer(caller().one_account(), **body.model_dump(), **_asked()), 201


@blueprint.get("", summary="List customers, newest first", responses={200: Customers, **refusals()})
def index(query: CustomerQuery) -> dict[str, Any]:
    """Searched by name or phone with `q`."""
    found = customers.list_customers(caller().account_id, page=query.page, page_size=query.page_size, q=query.q)
    return page_of(found, query)


@blueprint.get(
    "/export",
    summary="Download all customers",
    responses={
        200: csv_response("phone, names, location, prefered_product, and a column for each attribute"),
        **refusals(),
    },
)
def export(query: Organization) -> Response:
    """As the import takes it back. Cells that a spreadsheet would run begin with an apostrophe, phones too."""
    return csv_answer(export_customers(caller().one_account()), "customers.csv")


@blueprint.get("/<customer_id>", summary="Read a customer", responses={200: Customer, **refusals("CUSTOMER_NOT_FOUND")})
def read(path: CustomerPath) -> dict[str, Any]:
    """`suppressed` says whether anything may be sent to the phone."""
    return customers.read_customer(path.customer_id, caller().account_id)


@blueprint.patch(
    "/<customer_id>",
    summary="Change a customer",
    responses={200: Customer, **refusals("CUSTOMER_NOT_FOUND", "DUPLICATE", body=True)},
)
def edit(path: CustomerPath, body: EditedCustomer) -> dict[str, Any]:
    """Only what is named changes. To unsubscribe suppresses the phone too; to subscribe again lifts that on request."""
    changes = body.model_dump(exclude_unset=True, exclude={"remove_opt_out"})
    return customers.edit_customer(
        path.customer_id, changes, account_id=caller().account_id, remove_opt_out=body.remove_opt_out, **_asked()
    )


@blueprint.delete(
    "/<customer_id>", summary="Delete a customer", responses={204: None, **refusals("CUSTOMER_NOT_FOUND")}
)
def delete(path: CustomerPath) -> tuple[str, int]:
    """Messages that were written stay as they are, and so does an opt-out."""
    customers.delete_customer(path.customer_id, account_id=caller().account_id, **_asked())
    return "", 204


def _asked() -> dict[str, Any]:
    return {"actor": caller().actor, "request_id": request_id.current()}
