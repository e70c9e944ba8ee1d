"""Seals the credentials of providers with the first key of PROVIDER_KEY, so that older keys can be dropped."""

from pydantic import Field

from config.settings import settings
from dispatch.caller import Caller
from dispatch.errors import Forbidden, ProviderNotConfigured
from dispatch.formats.view import View
from dispatch.providers.sealing import resealed
from models.api_key import ApiKey
from models.providers.provider import Provider
from models.tenancy import ALL_ACCOUNTS

_PAGE = 500


class ResealedView(View):
    """How many providers' credentials are now sealed with the first key, and which no key opens."""

    resealed: int
    unreadable: list[int] = Field(description="their ids")


def reseal_providers(caller: Caller) -> ResealedView:
    """Seals what older keys have sealed with the first key of PROVIDER_KEY, so that the others can be dropped.

    Forbidden unless by an operator.
    """
    if caller.account is not ALL_ACCOUNTS or ApiKey.is_of_account(caller.actor):
        raise Forbidden("Credentials are resealed by operators, for all accounts.")
    keys, last, changed, unreadable = settings().provider_keys, 0, 0, []
    while page := Provider.sealed_after(last, limit=_PAGE):
        for each in page:
            last = each.id
            assert each.sealed is not None
            try:
                sealed = resealed(each.sealed, account_id=each.account_id, kind=each.kind, keys=keys)
            except ProviderNotConfigured:
                unreadable.append(each.id)
            else:
                changed += sealed is not None and each.reseal(sealed)
    return ResealedView(resealed=changed, unreadable=unreadable)
