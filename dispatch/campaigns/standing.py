"""What a person who changes a campaign has read of it beside its revision: its name and its times."""

from datetime import datetime
from typing import Protocol

from dispatch.errors import InvalidStatus


class _Timed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def scheduled_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def grace_sec(self) -> int: ...


def standing_of(campaign: _Timed) -> str:
    """Returns these as one text, to be compared: a change of them is no new revision, which would undo an approval."""
    times = [at.timestamp() if at else None for at in (campaign.scheduled_at, campaign.expires_at)]
    return repr((campaign.name, *times, campaign.grace_sec))


def check_standing(campaign: _Timed, standing: str | None) -> None:
    """Refuses, as InvalidStatus, a campaign whose name or times were changed after a person read them; None is any."""
    if standing is not None and standing != standing_of(campaign):
        raise InvalidStatus(
            "The campaign was changed after you opened it: its name or its times are others now. Nothing was done; "
            "read it again and decide.",
            status=campaign.status,
        )
