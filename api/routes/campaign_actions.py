"""Actions on one campaign over HTTP: start, send, approve, pause, resume, cancel, follow up."""

from api.http.auth import caller
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION, Start
from api.routes.campaign_answers import Started, StartedChild, StartedTest
from api.routes.campaign_inputs import (
    Approval,
    CampaignPath,
    ChosenMessages,
    ChosenVariant,
    EnqueueOptions,
    Numbers,
    Recipients,
    Retried,
    StartOptions,
    Withheld,
    as_read,
)
from dispatch.campaigns import lifecycle
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.results import ResultsView
from dispatch.campaigns.view import CampaignView
from dispatch.start import follow_ups, unknown, winners, withholding
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.started import already_started
from dispatch.start.to_customers import SentView, already_sent, send_campaign
from dispatch.start.unknown import AcceptedView

routes = Routes("campaign_actions", __name__, url_prefix="/api/campaigns/<campaign_id>", tag="campaigns")

# Why a campaign may be refused a start.
_START = ("INSUFFICIENT_CREDITS", "SPENDING_LIMIT", "INVALID_STATUS", "QUEUE_UNAVAILABLE")
# A repeated start of a child is answered from the child.
_CHILD = Start(lambda child: (StartedChild.of_child(already_started(child), child.parent_id), 202))


@routes.post(
    "/enqueue",
    summary="Start a campaign now",
    answers={202: Started},
    refuses=("PRECONDITION_FAILED", "IMPORT_RUNNING", "REMOTE_NOT_CONFIGURED", *_START),
    body=True,
    scope="send",
    idempotency=Start(lambda campaign: (Started.of(already_started(campaign)), 202)),
)
def enqueue(path: CampaignPath, body: EnqueueOptions) -> tuple[Started, int]:
    """Claims the campaign, writes its messages, holds their price and queues them; jobs prepare a large audience."""
    with as_read(body.revision) as revision:
        return Started.of(enqueue_campaign(caller(), path.campaign_id, anyway=body.anyway, revision=revision)), 202


@routes.post(
    "/send",
    summary="Add customers to a campaign and send it",
    answers={200: SentView},
    refuses=("PRECONDITION_FAILED", "CUSTOMER_NOT_FOUND", *_START),
    body=True,
    scope="send",
    idempotency=Start(lambda campaign: already_sent(campaign)),
)
def send(path: CampaignPath, body: Recipients) -> SentView:
    """Adds them to those chosen before. A draft starts at once, to all of them; a scheduled campaign at its time.

    A campaign with an audience of another kind (a list, a segment, everyone) is refused and keeps it.
    """
    with as_read() as revision:
        return send_campaign(caller(), path.campaign_id, body.customer_ids, revision=revision)


@routes.post(
    "/approve",
    summary="Approve a campaign as it is",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="approve",
    idempotency=ONE_TRANSACTION,
)
def approve(path: CampaignPath, body: Approval) -> CampaignView:
    """Needs a key that neither wrote nor starts the campaign. A change of text, channel or audience revokes it."""
    with as_read(body.revision):
        return approve_campaign(caller(), path.campaign_id, revision=body.revision)


@routes.post(
    "/pause",
    summary="Pause a campaign",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "INVALID_STATUS"),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def pause(path: CampaignPath) -> CampaignView:
    """Messages in flight are finished; no others are sent until it is resumed.

    A recurring campaign is paused with its schedule and its occurrences.
    """
    with as_read() as revision:
        return lifecycle.pause_campaign(caller(), path.campaign_id, revision=revision)


@routes.post(
    "/resume",
    summary="Resume a paused campaign",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "INVALID_STATUS"),
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def resume(path: CampaignPath) -> CampaignView:
    """It continues where it was paused; a recurring one with its schedule and what was paused together."""
    with as_read() as revision:
        return lifecycle.resume_campaign(caller(), path.campaign_id, revision=revision)


@routes.post(
    "/cancel",
    summary="Cancel a campaign",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "INVALID_STATUS"),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def cancel(path: CampaignPath) -> CampaignView:
    """This is final: messages not yet sent never will be, and their credits are released.

    A recurring campaign is cancelled with its schedule and its occurrences.
    """
    with as_read() as revision:
        return lifecycle.cancel_campaign(caller(), path.campaign_id, revision=revision)


@routes.post(
    "/retry-failed",
    summary="Send again to everyone who was not reached",
    answers={202: StartedChild},
    refuses=(*_START,),
    body=True,
    scope="send",
    idempotency=_CHILD,
)
def retry_failed(path: CampaignPath, body: Retried) -> tuple[StartedChild, int]:
    """As a child campaign, to everyone whose message failed or did not arrive, but to no one it may have reached."""
    started = follow_ups.retry_failed(caller(), path.campaign_id, **body.model_dump())
    return StartedChild.of_child(started, path.campaign_id), 202


@routes.post(
    "/unknown/resend",
    summary="Send unknown messages again",
    answers={202: StartedChild},
    refuses=(*_START,),
    body=True,
    scope="send",
    idempotency=_CHILD,
)
def resend_unknown(path: CampaignPath, body: ChosenMessages) -> tuple[StartedChild, int]:
    """As a child campaign; anyone who has received one gets it twice. They become failed, with the reason `resent`."""
    started = unknown.resend_unknown(caller(), path.campaign_id, body.numbers)
    return StartedChild.of_child(started, path.campaign_id), 202


@routes.post(
    "/unknown/accept",
    summary="Take unknown messages for sent",
    answers={200: AcceptedView},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def accept_unknown(path: CampaignPath, body: ChosenMessages) -> AcceptedView:
    """Their price is captured; receipts still move them. `GET …/messages?state=unknown` lists those there are."""
    return unknown.accept_unknown(caller(), path.campaign_id, body.numbers)


@routes.post(
    "/send-to-rest",
    summary="Send to everyone who has joined the audience since",
    answers={202: StartedChild},
    refuses=("IMPORT_RUNNING", *_START),
    body=True,
    scope="send",
    idempotency=_CHILD,
)
def send_to_rest(path: CampaignPath, body: StartOptions) -> tuple[StartedChild, int]:
    """As a child campaign, to the current members of its audience who have no message of it."""
    started = follow_ups.send_to_rest(caller(), path.campaign_id, anyway=body.anyway)
    return StartedChild.of_child(started, path.campaign_id), 202


@routes.post(
    "/send-winner",
    summary="Send one of the variants to those who were held back",
    answers={202: StartedChild},
    refuses=(*_START,),
    body=True,
    scope="send",
    idempotency=_CHILD,
)
def send_winner(path: CampaignPath, body: ChosenVariant) -> tuple[StartedChild, int]:
    """As a child campaign, to everyone who was held back and has had none of the texts since."""
    return StartedChild.of_child(winners.send_winner(caller(), path.campaign_id, body.variant), path.campaign_id), 202


@routes.post(
    "/withhold-winner",
    summary="End the rule that sends one of the variants",
    answers={200: ResultsView},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def withhold_winner(path: CampaignPath, body: Withheld) -> ResultsView:
    """Those who were held back get nothing until a person sends them a text; with `for_good` no one waits for it."""
    return withholding.withhold_winner(caller(), path.campaign_id, for_good=body.for_good)


@routes.post(
    "/test-send",
    summary="Send a campaign's text to a few numbers",
    answers={202: StartedTest},
    refuses=(*_START,),
    body=True,
    scope="send",
    idempotency=Start(lambda child: (StartedTest.of_child(already_started(child), child.parent_id), 202)),
)
def send_test(path: CampaignPath, body: Numbers) -> tuple[StartedTest, int]:
    """As a child campaign, in any state. A number of no customer gets the text of an invented person."""
    started = follow_ups.send_test(caller(), path.campaign_id, body.numbers)
    return StartedTest.of_child(started, path.campaign_id), 202
