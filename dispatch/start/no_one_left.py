"""Why a follow-up would reach no one, by the counts of its campaign, and what to do about those who got nothing."""

from dispatch.counting import counted
from models.campaigns.campaign import Campaign
from models.campaigns.family import MOST_ATTEMPTS
from models.messages.batch import Stats, stats


def no_one_to_retry(campaign: Campaign, *, of_one_cause: bool) -> str:
    """Returns why no one is left for a retry, perhaps of one cause only, and what to do about the others."""
    counts = _counts(campaign)
    failed = counts.failed + counts.undelivered
    if failed == 0:
        why = "There is no one to retry: none of the campaign's messages failed or was undelivered."
    else:
        why = (
            f"There is no one to retry: {_messages(failed)} failed or {_was(failed)} undelivered, but each of these "
            "people was reached since, is included in another retry, is deleted, or has a number that the campaign and "
            f"its follow-ups called {MOST_ATTEMPTS} times or more"
            + (", or the message failed for another reason." if of_one_cause else ".")
        )
    return " ".join([why, *_waiting(campaign, counts), *_others(campaign, counts)])


def no_one_joined(campaign: Campaign) -> str:
    """Returns why no one is left for a rest, and what to do about those whom the campaign may not have reached."""
    said = "No one has joined the campaign's audience since it started."
    return " ".join([said, *_others(campaign, _counts(campaign))])


def _counts(campaign: Campaign) -> Stats:
    return stats([campaign.id])[campaign.id]


def _waiting(campaign: Campaign, counts: Stats) -> list[str]:
    open_ = counts.pending + counts.sending
    if campaign.status == "cancelled" or open_ == 0:
        return []
    return [f"{_messages(open_)} {_is(open_)} still to be sent."]


def _others(campaign: Campaign, counts: Stats) -> list[str]:
    said = []
    if counts.unknown:
        said.append(
            f"{_messages(counts.unknown)} may have arrived ({_is(counts.unknown)} unknown): decide with "
            f"`unknown list {campaign.id}` and `unknown accept` or `unknown resend` "
            f"(POST /api/campaigns/{campaign.id}/unknown/accept or …/resend)."
        )
    if counts.unconfirmed:
        said.append(
            f"{_messages(counts.unconfirmed)} may have arrived ({_is(counts.unconfirmed)} unconfirmed): no answer came "
            "within 24 hours, and that is final."
        )
    if counts.skipped:
        said.append(
            f"{_messages(counts.skipped)} {_was(counts.skipped)} skipped: `campaign messages {campaign.id} --state "
            f"skipped` (GET /api/campaigns/{campaign.id}/messages?state=skipped) says why each was."
        )
    # Recovery moves the messages of a cancelled campaign, a few at a time.
    if cancelled := counts.cancelled + (counts.pending if campaign.status == "cancelled" else 0):
        said.append(
            f"{_messages(cancelled)} {_was(cancelled)} cancelled and will not be sent: to send the text after all, "
            f"copy the campaign with `campaign duplicate {campaign.id}` (POST /api/campaigns/{campaign.id}/duplicate). "
            "The copy goes to the whole audience; a segment with received_campaign neq "
            f"{campaign.id} leaves out whom the text has reached."
        )
    return said


def _messages(count: int) -> str:
    return counted(count, "message")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
