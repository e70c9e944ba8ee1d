"""What is done with a campaign over HTTP: start, send, give a time, stop, end, follow up."""

from typing import Any

from api.http import request_id
from api.http.auth import caller
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION, Start
from api.routes.schemas import Campaign, CampaignPath, Enqueued, Schedule
from api.routes.schemas_campaign_actions import Numbers, Recipients, SentCampaign, StartedChild
from dispatch.campaigns import lifecycle
from dispatch.start import follow_ups
from dispatch.start.enqueue import EnqueueResult, already_started, enqueue_campaign
from dispatch.start.to_customers import Sent, send_campaign

routes = Routes("campaign_actions", __name__, url_prefix="/api/campaigns/<campaign_id>", tag="campaigns")

Shown = dict[str, Any]

# Why a campaign may not start.
_START = ("INSUFFICIENT_CREDITS", "INVALID_STATUS", "QUEUE_UNAVAILABLE")


@routes.post(
    "/enqueue",
    summary="Start a campaign now",
    answers={202: Enqueued},
    refuses=(*_START,),
    scope="send",
    idempotency=Start(lambda campaign: (_started(already_started(campaign)), 202)),
)
def enqueue(path: CampaignPath) -> tuple[Shown, int]:
    """Claims it, writes its messages, holds their price and queues them; a large audience is prepared by jobs."""
    started = enqueue_campaign(caller(), path.campaign_id)
    return _started(started), 202


@routes.post(
    "/send",
    summary="Send a campaign to these customers",
    answers={200: SentCampaign},
    refuses=("CUSTOMER_NOT_FOUND", *_START),
    body=True,
    scope="send",
    idempotency=Start(lambda campaign: _sent(_sent_before(already_started(campaign)))),
)
def send(path: CampaignPath, body: Recipients) -> Shown:
    """A draft starts at once; a scheduled one only queues them, and goes to exactly those when its time comes."""
    return _sent(send_campaign(caller(), path.campaign_id, body.customer_ids))


@routes.post(
    "/schedule",
    summary="Give a draft or scheduled campaign its time",
    answers={200: Campaign},
    refuses=("INVALID_STATUS",),
    body=True,
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def schedule(path: CampaignPath, body: Schedule) -> Shown:
    """The sweep starts it then."""
    return lifecycle.schedule_campaign(caller(), path.campaign_id, body.scheduled_at)


@routes.post(
    "/unschedule",
    summary="Take a scheduled campaign's time back",
    answers={200: Campaign},
    refuses=("INVALID_STATUS",),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def unschedule(path: CampaignPath) -> Shown:
    """It is a draft again, and starts only by hand."""
    return lifecycle.unschedule_campaign(caller(), path.campaign_id)


@routes.post(
    "/pause",
    summary="Stop a campaign where it is",
    answers={200: Campaign},
    refuses=("INVALID_STATUS",),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def pause(path: CampaignPath) -> Shown:
    """What is in flight ends; nothing new is sent."""
    return lifecycle.pause_campaign(caller(), path.campaign_id)


@routes.post(
    "/resume",
    summary="Let a paused campaign go on",
    answers={200: Campaign},
    refuses=("INVALID_STATUS",),
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def resume(path: CampaignPath) -> Shown:
    """It goes on where it was paused."""
    return lifecycle.resume_campaign(caller(), path.campaign_id)


@routes.post(
    "/cancel",
    summary="End a campaign",
    answers={200: Campaign},
    refuses=("INVALID_STATUS",),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def cancel(path: CampaignPath) -> Shown:
    """What was not sent never will be; its credits come back."""
    return lifecycle.cancel_campaign(caller(), path.campaign_id)


@routes.post(
    "/retry-failed",
    summary="Send again to those who were not reached",
    answers={202: StartedChild},
    refuses=(*_START,),
    scope="send",
    idempotency=Start(lambda campaign: (_started_child(already_started(campaign), campaign.parent_id), 202)),
)
def retry_failed(path: CampaignPath) -> tuple[Shown, int]:
    """As a child campaign, to those whose message failed or did not arrive; never to whom it may have reached."""
    started = follow_ups.retry_failed(caller(), path.campaign_id)
    return _started_child(started, path.campaign_id), 202


@routes.post(
    "/send-to-rest",
    summary="Send to those who joined the audience since",
    answers={202: StartedChild},
    refuses=(*_START,),
    scope="send",
    idempotency=Start(lambda campaign: (_started_child(already_started(campaign), campaign.parent_id), 202)),
)
def send_to_rest(path: CampaignPath) -> tuple[Shown, int]:
    """As a child campaign, to those of its audience now who have no message of it."""
    started = follow_ups.send_to_rest(caller(), path.campaign_id)
    return _started_child(started, path.campaign_id), 202


@routes.post(
    "/test-send",
    summary="Send a campaign's text to a few numbers",
    answers={202: StartedChild},
    refuses=(*_START,),
    body=True,
    scope="send",
    idempotency=Start(lambda campaign: (_started_child(already_started(campaign), campaign.parent_id), 202)),
)
def send_test(path: CampaignPath, body: Numbers) -> tuple[Shown, int]:
    """As a child campaign, whatever state this one is in; who is no customer gets an invented person's text."""
    started = follow_ups.send_test(caller(), path.campaign_id, body.numbers)
    return _started_child(started, path.campaign_id), 202


def _started(started: EnqueueResult) -> Shown:
    return {
        "queued": started.queued,
        "enqueuedJobs": started.enqueued_jobs,
        "campaignId": started.campaign_id,
        "status": started.status,
        "queue": started.queue,
        "requestId": request_id.current(),
    }


def _started_child(started: EnqueueResult, parent_id: int | None) -> Shown:
    return {**_started(started), "parentId": parent_id}


def _sent(sent: Sent) -> Shown:
    return {"campaign_id": sent.campaign_id, "messages_queued": sent.messages_queued, "status": sent.status}


def _sent_before(started: EnqueueResult) -> Sent:
    return Sent(started.campaign_id, started.queued, started.status)
