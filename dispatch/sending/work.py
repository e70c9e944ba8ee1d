"""A send job as its courier keeps it, until its last call is recorded."""

from concurrent.futures import Future
from dataclasses import dataclass

from dispatch.sending.calls import Calls
from dispatch.sending.exchange import Exchange
from dispatch.sending.window import Window
from models.campaigns.sending import SendingCampaign
from models.messages.message import Outcome


@dataclass(frozen=True, slots=True)
class Work:
    """A job's window, and its end: the last answer recorded, the batch left, the campaign closed or pushed again."""

    campaign: SendingCampaign
    window: Window
    calls: Calls
    exchange: Exchange
    end: Future[None]

    @property
    def provider(self) -> str:
        """How messages name the provider that is called."""
        return self.exchange.provider

    def unrecorded(self) -> list[Outcome]:
        """Returns the answers that are not known to be recorded."""
        # What is on its way from one to the other is seen at the next look.
        return [*self.calls.outcomes(), *self.exchange.at_hand]

    def give_up(self) -> None:
        """Lets the job end although its answers are not recorded."""
        self.exchange.gave_up = True
