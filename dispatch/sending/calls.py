"""The calls of a window: takes claimed messages, calls the provider, collects the outcomes to record."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import repeat

import structlog

from config.settings import Settings
from dispatch.metrics.calls import call_times, outcomes_by_kind
from dispatch.providers import (
    Answer,
    ApprovedTemplate,
    Outgoing,
    Provider,
    TemplateButton,
    TemplateHeader,
    called_too_often,
)
from dispatch.sending.handover import Handover
from dispatch.sending.outcomes import handed_back, outcome_of
from dispatch.sending.recorded import send_of
from dispatch.texts.components import Components
from models.campaigns.sending import SendingCampaign
from models.messages.message import Claimed, Outcome
from models.messages.parameters import further_in, parameters_in, unmarked

log = structlog.get_logger()

# A message claimed this long ago and not called yet is handed back: its lease must not end before its call does.
CALL_WITHIN_SEC = 2.0
# An answer waits this long at most for others to be recorded with it.
COLLECT_FOR_SEC = 0.020


class Calls:
    """One campaign's calls, as many at a time as the window has places. Runs on the event loop."""

    def __init__(
        self,
        campaign: SendingCampaign,
        provider: Provider,
        settings: Settings,
        *,
        places: int,
        when_called_too_often: Callable[[], None] | None = None,
    ) -> None:
        #: Messages that were claimed and whose outcome has not been taken yet.
        self.in_flight = 0
        #: The error code with which the provider refused our account, if it did.
        self.refusal: str | None = None
        self._campaign = campaign
        stored = campaign.whatsapp_components
        self._components = Components.of(stored) if stored else None
        self._has_template = campaign.whatsapp_template is not None
        self._provider = provider
        self._send = send_of(provider)
        self._settings = settings
        self._places = places
        self._when_called_too_often = when_called_too_often
        self._handover = Handover()
        #: What became of messages, as their tally wants it.
        self.counted: Counter[str] = Counter()
        self._outcomes: list[Outcome] = []
        # How many of them are worth a transaction.
        self._enough = 1
        self._some_answered = asyncio.Event()
        self._enough_answered = asyncio.Event()

    def callers(self) -> list[Coroutine[None, None, None]]:
        """Returns the callers, one for each call that there may be at a time; each runs until it is cancelled."""
        return [self._call_messages() for _ in range(min(self._places, self._campaign.recipients))]

    def free_places(self) -> int:
        """Returns how many more messages may be claimed."""
        return self._places - self.in_flight

    def places_after_recording(self) -> int:
        """Returns how many there will be once the outcomes at hand are taken."""
        return self.free_places() + len(self._outcomes)

    def add(self, claimed: list[Claimed], *, claimed_at: float) -> None:
        """Hands these messages to the callers; `claimed_at` is a time before their lease began."""
        self.in_flight += len(claimed)
        self._handover.add(zip(claimed, repeat(claimed_at)))

    def take_outcomes(self) -> list[Outcome]:
        """Returns the outcomes to record and frees their places."""
        outcomes, self._outcomes = self._outcomes, []
        self.in_flight -= len(outcomes)
        call_times.count()
        self.counted += outcomes_by_kind(outcomes, self._provider.name)
        return outcomes

    def outcomes(self) -> list[Outcome]:
        """Returns the outcomes that have not been taken, from any thread."""
        return list(self._outcomes)

    async def worth_recording(self, *, within_sec: float | None = None) -> None:
        """Waits until recording is worth a transaction: a quarter of the window, everything in flight, or 20 ms.

        It returns after `within_sec` too, because more may be claimed then.
        """
        self._enough = min(self.in_flight, max(1, self._places // 4))
        answered = len(self._outcomes)
        _set(self._some_answered, answered > 0)
        _set(self._enough_answered, answered >= self._enough)
        try:
            async with asyncio.timeout(within_sec):
                await self._some_answered.wait()
        except TimeoutError:
            return
        if self._enough_answered.is_set():
            return
        try:
            async with asyncio.timeout(COLLECT_FOR_SEC):
                await self._enough_answered.wait()
        except TimeoutError:
            pass

    def look_up(self) -> None:
        """Ends the wait for answers, because there is something else to decide."""
        self._some_answered.set()
        self._enough_answered.set()

    def _note(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        answered = len(self._outcomes)
        if answered == 1:
            self._some_answered.set()
        # Once, and not for each of the answers that follow before anyone takes them.
        if answered == self._enough:
            self._enough_answered.set()

    async def _call_messages(self) -> None:
        """One place of the window: takes a claimed message, calls the provider, notes what to record."""
        while True:
            message, claimed_at = await self._handover.take()
            if time.monotonic() - claimed_at > CALL_WITHIN_SEC:
                self._note(handed_back(message))
            else:
                answer = await self._call(message)
                outcome = outcome_of(answer, message, self._settings)
                self._note(outcome if answer.provider is None else outcome._replace(provider=answer.provider))

    async def _call(self, message: Claimed) -> Answer:
        n, claim, phone, body, attempts, deferrals, segments = message
        campaign = self._campaign
        reference = f"{campaign.id}-{n}"
        # A worker's claims have one token; each of its calls for the message has another number.
        token = f"{reference}-{claim + attempts + deferrals:x}"
        template = self._template(body) if self._has_template else None
        # By position, which makes it in half the time.
        outgoing = Outgoing(
            campaign.channel,
            campaign.sender,
            phone,
            unmarked(body),
            reference,
            token,
            attempts,
            template,
            None,
            segments,
        )
        began = time.monotonic()
        try:
            answer = await self._send(outgoing)
        except Exception:
            # A provider names every outcome that it knows; otherwise no one can say whether the call left.
            log.exception("provider.failed", message=reference)
            answer = Answer("unknown", error_code="provider_error")
        if answer.provider is None:  # a route has timed each of its calls itself
            call_times.note(self._provider.name, answer.outcome, time.monotonic() - began)
        if self._when_called_too_often and called_too_often(answer):
            self._when_called_too_often()
        if answer.outcome == "halted":
            self.refusal = self.refusal or answer.error_code or "no error code"
        return answer

    def _template(self, body: str) -> ApprovedTemplate | None:
        """Returns the template that WhatsApp approved, with what fills its parameters in this body."""
        name, language = self._campaign.whatsapp_template, self._campaign.whatsapp_language
        if not name or not language:
            return None
        template = ApprovedTemplate(name, language, parameters_in(body))
        return self._with_components(template, body) if self._components else template

    def _with_components(self, template: ApprovedTemplate, body: str) -> ApprovedTemplate:
        assert self._components
        filled = self._components.filled(further_in(body))
        header = filled.header
        return template._replace(
            header=TemplateHeader(header.type, header.value, header.filename, header.name) if header else None,
            buttons=tuple(TemplateButton(each.index, each.type, each.value) for each in filled.buttons),
            parameter_names=filled.parameters,
        )


def _set(event: asyncio.Event, flag: bool) -> None:
    if flag:
        event.set()
    else:
        event.clear()
