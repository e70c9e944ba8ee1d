"""How the phones of the simulated provider behave: what becomes of accepted messages, and how many people reply."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

from pydantic import AfterValidator


class BadPhones(ValueError):
    """The text does not say how phones behave; the message names what is wrong and what there is."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Shares from 0 to 1, and waits in milliseconds. What is neither delivered nor undelivered gets no receipt."""

    #: Of the accepted messages.
    delivered: float = 0.0
    undelivered: float = 0.0
    #: Of the undelivered ones: whose recipients have told the provider that they want no more.
    opted_out: float = 0.0
    #: Of the delivered ones: read (WhatsApp only), answered with some text, answered with STOP.
    read: float = 0.0
    replies: float = 0.0
    stop: float = 0.0
    #: Of the messages with receipts: all of them after `late_ms`; each twice; in the opposite order.
    late: float = 0.0
    doubled: float = 0.0
    shuffled: float = 0.0
    #: After the answer; each further receipt or reply comes as long after the one before it.
    delay_ms: float = 200.0
    late_ms: float = 30_000.0

    @property
    def silent(self) -> bool:
        """Whether nothing ever comes from these phones."""
        return self.delivered == self.undelivered == 0


# No receipts and no replies.
SILENT = Phones()
NAMES = tuple(each.name for each in fields(Phones))
MAX_WAIT_MS = 86_400_000


def parse_phones(text: str) -> Phones:
    """Returns what a text such as `delivered=0.9,undelivered=0.05,stop=0.01` says; BadPhones when it says nothing."""
    given: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = (each.strip() for each in part.partition("="))
        if name not in NAMES:
            raise BadPhones(f"there is no {name[:40]!r}; there are {', '.join(NAMES)}")
        if name in given:
            raise BadPhones(f"{name} is there twice")
        given[name] = _number(name, value)
    phones = replace(SILENT, **given)
    if phones.delivered + phones.undelivered > 1 or phones.replies + phones.stop > 1:
        raise BadPhones("delivered and undelivered, and replies and stop, may be 1 together at most")
    return phones


def as_text(phones: Phones) -> str:
    """Returns the text that says it."""
    return ",".join(f"{name}={getattr(phones, name):.12g}" for name in NAMES)


def _number(name: str, value: str) -> float:
    most = MAX_WAIT_MS if name.endswith("_ms") else 1
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:  # also refuses NaN
        raise BadPhones(f"{name} must be a number from 0 to {most}, such as delivered=0.9")
    return number


def _checked(text: str) -> str:
    parse_phones(text)
    return text


#: The text, known to be one that `parse_phones` takes.
PhonesText = Annotated[str, AfterValidator(_checked)]
