"""Seals the secrets of webhooks with the first key of PROVIDER_KEY, so that older keys can be dropped."""

from uuid import UUID

from config.settings import settings
from dispatch.caller import Caller
from dispatch.errors import Forbidden, ProviderNotConfigured
from dispatch.formats.view import View
from dispatch.providers.sealing import resealed
from dispatch.webhooks.sending import SEALED_AS
from models.api_key import ApiKey
from models.tenancy import ALL_ACCOUNTS
from models.webhooks.webhook import Webhook

_PAGE = 100


class ResealedWebhooksView(View):
    """How many secrets are now sealed with the first key, and the ids of webhooks whose secret no key opens."""

    resealed: int
    unreadable: list[UUID]


def reseal_webhooks(caller: Caller) -> ResealedWebhooksView:
    """Seals what older keys have sealed with the first one; Forbidden unless by an operator."""
    if caller.account is not ALL_ACCOUNTS or ApiKey.is_of_account(caller.actor):
        raise Forbidden("Secrets are resealed by operators, for all accounts.")
    keys, last, changed, unreadable = settings().provider_keys, UUID(int=0), 0, []
    while page := Webhook.after(last, limit=_PAGE):
        for each in page:
            last = each.id
            try:
                sealed = resealed(each.sealed, account_id=each.account_id, kind=SEALED_AS, keys=keys)
            except ProviderNotConfigured:
                unreadable.append(each.id)
            else:
                changed += sealed is not None and each.reseal(sealed)
    return ResealedWebhooksView(resealed=changed, unreadable=unreadable)
