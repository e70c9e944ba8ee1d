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
    unreadable: list[int] = Field(description="the ids of those that are not removed")
    unreadable_removed: list[int] = Field(description="the ids of removed ones, unless they were forgotten")
    forgotten: int = Field(description="removed providers whose credentials no key opened, and that have none now")


def reseal_providers(caller: Caller, *, forget_removed: bool = False) -> ResealedView:
    """Seals what older keys have sealed with the first key of PROVIDER_KEY, so that the others can be dropped.

    A removed provider's credentials serve only the receipts of what it has sent; `forget_removed` deletes those that no
    key opens. Forbidden unless by an operator.
    """
    if caller.account is not ALL_ACCOUNTS or ApiKey.is_of_account(caller.actor):
        raise Forbidden("Credentials are resealed by operators, for all accounts.")
    keys, last, changed, forgotten = settings().provider_keys, 0, 0, 0
    unreadable: list[int] = []
    removed: list[int] = []
    while page := Provider.sealed_after(last, limit=_PAGE):
        for each in page:
            last = each.id
            assert each.sealed is not None
            try:
                sealed = resealed(each.sealed, account_id=each.account_id, kind=each.kind, keys=keys)
            except ProviderNotConfigured:
                if forget_removed and each.forget_credentials():
                    forgotten += 1
                    caller.note("provider.credentials_forgotten", each.id, account_id=each.account_id, name=each.name)
                else:
                    (removed if each.removed_at else unreadable).append(each.id)
            else:
                changed += sealed is not None and each.reseal(sealed)
    return ResealedView(resealed=changed, unreadable=unreadable, unreadable_removed=removed, forgotten=forgotten)
