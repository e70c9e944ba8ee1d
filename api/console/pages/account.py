"""The account that an operator works for; the holder of an account's key works for that one."""

from dataclasses import replace
from uuid import UUID

from flask import Response, g, request

from api.console import forms
from api.console.blueprint import console
from api.console.rendering import page
from api.console.sessions import choose_account
from api.http.auth import caller, holder
from api.http.inputs import Page
from dispatch.accounts.accounts import account_with_id, list_accounts
from dispatch.errors import Forbidden, NotFound
from models.tenancy import ALL_ACCOUNTS


@console.page("/account", without_account=True)
def accounts() -> Response:
    """The accounts that there are, newest first."""
    _let_operators_choose()
    asked = Page.model_validate(request.args.to_dict())
    found = list_accounts(replace(caller(), account=ALL_ACCOUNTS), page=asked.page, page_size=asked.page_size)
    return page("accounts.html", title="Choose an account", found=found, asked=asked, chosen=g.signed_in.account_id)


@console.form("/account", scope="read", without_account=True)
def choose() -> Response:
    """Makes the pages of this session show the account."""
    _let_operators_choose()
    try:
        chosen = account_with_id(UUID(forms.sent().get("id", "")))
    except ValueError:
        raise NotFound("There is no such account.") from None
    choose_account(chosen.id)
    return forms.lead_to(f"{forms.START}/campaigns?done=account")


def _let_operators_choose() -> None:
    if not holder().operator:
        raise Forbidden("The key that you signed in with is for one account only.")
