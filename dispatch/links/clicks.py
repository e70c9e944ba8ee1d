"""What opening a tracked link does: it is counted once for its recipient, and leads on."""

from collections.abc import Mapping

from dispatch.links.addresses import no_such_link, places_of
from dispatch.links.bots import is_program
from dispatch.links.codes import UNSUBSCRIBE
from models.links.link_click import follow


def target_of(code: str, *, method: str, headers: Mapping[str, str]) -> str:
    """Returns where the link with this code leads, as the campaign's text had it; NotFound when there is no such link.

    That it was opened is committed then: as a click the first time that a person opens it, or else as a program's.
    """
    named = [place for place in places_of(code) if place.link != UNSUBSCRIBE]
    target = follow(named, by_bot=is_program(method, headers))
    if target is None:
        raise no_such_link()
    return target
