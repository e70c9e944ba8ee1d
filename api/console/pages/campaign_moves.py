"""What can be done with a campaign: each button posts here, and each but a start says beforehand what will happen."""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from api.console import forms
from api.console.asked import asks_for_counts
from api.console.blueprint import console
from api.console.campaign_form.problem import problem_of
from api.console.inputs import chosen_number, id_of, typed_ids
from api.console.rendering import page
from api.http.auth import caller
from dispatch.campaigns import lifecycle
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.plans import plan_start
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import delete_campaign, duplicate_campaign
from dispatch.errors import DispatchError, ImportRunning, InvalidRequest
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from dispatch.start.unknown import accept_unknown, resend_unknown
from dispatch.start.winners import send_winner
from dispatch.start.withholding import withhold_winner

# So many messages tell how many segments each person gets; the first of them are shown.
LOOKED_AT = 50


@console.page("/campaigns/<campaign_id>/launch")
def launch(campaign_id: str) -> Response:
    """Leads to a start; the sentence that says what it will do is counted once the page is shown."""
    return _before_start(campaign_id)


@console.page("/campaigns/<campaign_id>/launch/counted", passive=True)
def launch_counted(campaign_id: str) -> Response:
    """The part of that page which says in a sentence what a start will do, with the button that starts it."""
    shown = read_campaign(caller(), id_of(campaign_id))
    address = f"{forms.START}/campaigns/{shown.id}/launch"
    return page("launch_counted.html", here=address, shown=shown, **_what_starts(shown), importing=_meets_import())


@console.form("/campaigns/<campaign_id>/start", scope="send")
def start_campaign(campaign_id: str) -> Response:
    """Starts the revision that the page showed, and no other; a refusal is shown with what a start would do now."""
    anyway = forms.typed("anyway") == "yes"
    try:
        revision = chosen_number("revision", "Read what a start will do, and start it there.")
        started = enqueue_campaign(caller(), id_of(campaign_id), revision=revision, anyway=anyway)
    except DispatchError as refusal:
        return _before_start(campaign_id, refusal)
    return _shown(started.campaign_id, "started")


def _before_start(campaign_id: str, refusal: DispatchError | None = None) -> Response:
    shown = read_campaign(caller(), id_of(campaign_id))
    waits = _can_be_counted(shown) and not asks_for_counts()
    return page(
        "launch.html",
        refused=refusal,
        problem=problem_of(refusal).words if refusal else None,
        title=f"Start {shown.name}",
        importing=isinstance(refusal, ImportRunning) or _meets_import(),
        shown=shown,
        waits=waits,
        **({} if waits else _what_starts(shown)),
    )


def _what_starts(shown: CampaignView) -> dict[str, Any]:
    """Returns what a start would do, or why it cannot be known; `found` is None where nothing can be counted yet."""
    if not _can_be_counted(shown):
        return {"found": None, "uncounted": None}
    try:
        return {"found": plan_start(caller(), shown.id, first=LOOKED_AT), "uncounted": None}
    except DispatchError as refusal:
        return {"found": None, "uncounted": problem_of(refusal).words}


def _can_be_counted(shown: CampaignView) -> bool:
    remote = bool(shown.audience and shown.audience.kind == "remote")
    return shown.status in ("draft", "scheduled") and not remote


def _meets_import() -> bool:
    """Returns whether the page was led to by a start that was refused because an import runs."""
    return "importing" in request.args


@console.form("/campaigns/<campaign_id>/approve", scope="approve")
def approve(campaign_id: str) -> Response:
    """Approves the revision that the page showed."""
    revision = chosen_number("revision", "Say which revision you have read.")
    return _shown(approve_campaign(caller(), id_of(campaign_id), revision=revision).id, "approved")


@console.form("/campaigns/<campaign_id>/pause", scope="write")
def pause(campaign_id: str) -> Response:
    """Stops claiming messages."""
    return _moved(lifecycle.pause_campaign, campaign_id, "paused")


@console.form("/campaigns/<campaign_id>/resume", scope="send")
def resume(campaign_id: str) -> Response:
    """Goes on where it was paused."""
    return _moved(lifecycle.resume_campaign, campaign_id, "resumed")


@console.form("/campaigns/<campaign_id>/cancel", scope="write")
def cancel(campaign_id: str) -> Response:
    """Ends it for good."""
    return _moved(lifecycle.cancel_campaign, campaign_id, "cancelled")


@console.form("/campaigns/<campaign_id>/unschedule", scope="write")
def unschedule(campaign_id: str) -> Response:
    """Makes it a draft again."""
    return _moved(lifecycle.unschedule_campaign, campaign_id, "unscheduled")


@console.form("/campaigns/<campaign_id>/copy", scope="write")
def copy_campaign(campaign_id: str) -> Response:
    """Copies it into a new draft."""
    return _moved(duplicate_campaign, campaign_id, "copied")


@console.form("/campaigns/<campaign_id>/delete", scope="write")
def delete(campaign_id: str) -> Response:
    """Deletes a draft."""
    delete_campaign(caller(), id_of(campaign_id))
    return forms.lead_to(f"{forms.START}/campaigns?done=deleted")


@console.form("/campaigns/<campaign_id>/retry", scope="send")
def retry(campaign_id: str) -> Response:
    """Sends again to everyone who was not reached, or to those of one reason, as a campaign of its own."""
    chosen = {name: forms.typed(name) for name in ("reason", "error_code") if name in forms.sent()}
    return _shown(retry_failed(caller(), id_of(campaign_id), **chosen).campaign_id, "retried")


@console.form("/campaigns/<campaign_id>/winner", scope="send")
def winner(campaign_id: str) -> Response:
    """Sends one text to those who were held back."""
    variant = chosen_number("variant", "Choose one of the texts.")
    return _shown(send_winner(caller(), id_of(campaign_id), variant).campaign_id, "winner")


@console.form("/campaigns/<campaign_id>/withhold", scope="send")
def withhold(campaign_id: str) -> Response:
    """Ends the rule that sends those who were held back a text, or the waiting for any text."""
    for_good = forms.typed("for_good") == "yes"
    withheld = withhold_winner(caller(), id_of(campaign_id), for_good=for_good)
    return _shown(withheld.campaign_id, "none-sent" if for_good else "rule-ended")


@console.form("/campaigns/<campaign_id>/unknown", scope="send")
def decide_unknown(campaign_id: str) -> Response:
    """Sends the ticked messages again, or takes them for sent."""
    wanted, numbers, decision = id_of(campaign_id), typed_ids("n"), forms.typed("decision")
    if not numbers:
        raise InvalidRequest("Tick the messages that you decide about.", field="n")
    if decision == "resend":
        return _shown(resend_unknown(caller(), wanted, numbers).campaign_id, "retried")
    if decision == "accept":
        accept_unknown(caller(), wanted, numbers)
        return _shown(wanted, "accepted")
    raise InvalidRequest("Decide whether they are sent again or taken for sent.", field="decision")


def _moved(move: Callable[..., Any], campaign_id: str, done: str) -> Response:
    return _shown(move(caller(), id_of(campaign_id)).id, done)


def _shown(campaign_id: int, done: str) -> Response:
    return forms.lead_to(f"{forms.START}/campaigns/{campaign_id}?done={done}")
