"""What stands beside the form of a campaign: what it would say to whom, and what that costs."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from api.console.campaign_form.expensive import Piece, pieces_of, replaceable
from api.console.campaign_form.problem import problem_of
from api.console.campaign_form.written import Written
from api.http.auth import caller
from dispatch.audience.previews import ExcludedView
from dispatch.campaigns.preview_view import PreviewView
from dispatch.campaigns.previews import preview_draft
from dispatch.errors import DispatchError
from dispatch.schedules.schedules import NextTimesView, times_of
from dispatch.texts.check import CheckedView, check_template

SHOWN_MESSAGES, SHOWN_TIMES = 5, 5


class TextShown(NamedTuple):
    """One of the texts, with what is wrong with it and which of its characters make it expensive."""

    checked: CheckedView
    pieces: tuple[Piece, ...]
    replaceable: bool

    @property
    def is_expensive(self) -> bool:
        """Whether a segment of it holds less for want of the GSM alphabet."""
        return any(piece.name for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What can be shown of what is typed; `problem` is what cannot be used."""

    problem: str | None = None
    texts: tuple[TextShown, ...] = ()
    messages: PreviewView | None = None
    excluded: ExcludedView | None = None
    #: Whether it is for users of user-service, who are not known before its start.
    is_remote: bool = False
    #: Whether people were to be counted; `waits` if they can be, and were not.
    is_counted: bool = False
    waits: bool = False
    at: datetime | None = None
    #: When it starts again and again.
    times: NextTimesView | None = None

    @classmethod
    def of(cls, written: Written, *, counted: bool = False) -> "Beside":
        """Returns what the form would make; what cannot be used is said instead.

        Who gets it is looked for only if it is to be `counted`, which takes seconds for a large audience.
        """
        found: dict[str, Any] = {"is_counted": counted}
        try:
            found["at"] = written.timed.starts_at()
            if repeats := written.timed.repeats():
                found["times"] = times_of(repeats.cron_expression, repeats.timezone, count=SHOWN_TIMES)
            found["texts"] = tuple(_text(each, written.channel) for each in written.texts())
            found["is_remote"] = bool(written.audience.remote)
            if found["is_remote"]:
                # Who they are is known when it starts; what was typed is checked.
                written.as_draft()
            are_known = written.audience.is_chosen and not found["is_remote"]
            can_count = are_known and all(each.checked.valid for each in found["texts"])
            found["waits"] = can_count and not counted
            if can_count and counted:
                # A draft is previewed before its author has found a name for it.
                draft = written.as_draft()
                draft = draft if draft.name.strip() else replace(draft, name="–")
                found["messages"], found["excluded"] = preview_draft(caller(), draft, first=SHOWN_MESSAGES)
        except DispatchError as refusal:
            found["problem"] = problem_of(refusal).words
        return cls(**found)


def _text(text: str, channel: str) -> TextShown:
    checked = check_template(text, channel, account_id=caller().one_account())
    return TextShown(checked, tuple(pieces_of(text, channel)), replaceable(text, channel))
