"""Asks providers for messages whose receipts did not come, where they can be asked, slowly and apart from sending."""

import asyncio
from collections.abc import Mapping

import structlog

from config.settings import settings
from dispatch.channels.opening import Sessions, opened
from dispatch.errors import DispatchError
from dispatch.providers import Answer, CanBeAsked, Receipt
from dispatch.providers.kinds import KINDS
from dispatch.providers.link import ASK_AFTER_HOURS
from dispatch.receipts.hooks import stored
from models.providers.provider import Provider
from models.providers.receipt import Receipt as StoredReceipt
from models.providers.receipt_lookup import Asked, Part, ReceiptLookup
from models.turns import Turns

log = structlog.get_logger()

ASKABLE = [name for name, kind in KINDS.items() if kind.settings.CAN_BE_ASKED]
# Calls of one pass, and of those at a time; the sweeper makes a pass every 5 seconds.
MOST, AT_ONCE = 25, 5
# Those of this process: a provider that answers slowly costs its account more of them.
_turns = Turns()


def ask_for_receipts() -> int:
    """Asks for the next messages that lack a receipt; returns for how many it asked. Any number may do so at once.

    What a provider says is stored as a receipt, and applied like one that it sent.
    """
    _turns.fade()
    part = ReceiptLookup.take(ASKABLE, most=MOST, turns=_turns)
    # Also while there is much to ask for, or the batches of other accounts would not be known.
    ReceiptLookup.begin(ASKABLE, hours=ASK_AFTER_HOURS)
    if part is None:
        return 0
    with _turns.turn_of(part.account_id):
        return _ask_for(part)


def _ask_for(part: Part) -> int:
    providers = {label: _called(label) for label in {each.provider for each in part.messages}}
    answers = asyncio.run(_ask(part, providers)) if part.messages else {}
    unanswered = [each.n for each in part.messages if isinstance(answers.get(each), Answer)]
    found = [(each, said) for each, said in answers.items() if isinstance(said, Receipt)]
    for each, said in found:
        if provider := providers[each.provider]:
            StoredReceipt.add(provider.id, [stored(provider.kind, said)])
    if unanswered:
        ReceiptLookup.put_off(part, min(unanswered))
    else:
        ReceiptLookup.go_on(part)
    if answers:
        log.info("receipts.asked_for", campaign_id=part.campaign_id, messages=len(answers), found=len(found))
    return len(answers)


async def _ask(part: Part, providers: Mapping[str, Provider | None]) -> dict[Asked, Receipt | Answer | None]:
    chosen = settings()
    sessions = Sessions(connections=AT_ONCE, timeout=chosen.provider_timeout_sec)
    places = asyncio.Semaphore(AT_ONCE)
    kinds: dict[str, CanBeAsked] = {}
    for label, provider in providers.items():
        try:
            kind: object = opened(provider, sessions, chosen) if provider else None
        except DispatchError as problem:
            # A key may be added.
            log.error("provider.unusable", provider=label, problem=problem.message)
            kind = _Unusable()
        if isinstance(kind, CanBeAsked):
            kinds[label] = kind

    async def ask(each: Asked) -> Receipt | Answer | None:
        async with places:
            said = await kinds[each.provider].look_up(each.provider_id)
        # Asked by the provider's id, so what it says is of this message, whatever else it names.
        return said._replace(reference=f"{part.campaign_id}-{each.n}") if isinstance(said, Receipt) else said

    try:
        # Those of a provider that is gone are left out.
        asked = [each for each in part.messages if each.provider in kinds]
        return dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))
    finally:
        await sessions.close()


class _Unusable:
    async def look_up(self, provider_id: str) -> Answer:
        return Answer("halted", error_code="provider_not_configured")


def _called(label: str) -> Provider | None:
    kind, _, number = label.partition(":")
    return Provider.that_calls(kind, int(number)) if number.isdigit() else None
