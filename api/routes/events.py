"""Live progress of a campaign as server-sent events."""

import json
from collections.abc import Callable, Iterator
from functools import partial

from flask import Response

from api.http.auth import caller, holder
from api.http.inputs import Organization
from api.http.places import take_place
from api.http.routes import Routes
from api.routes.campaign_inputs import CampaignPath
from api.server.crowd import Crowd
from config.settings import settings
from config.stopping import stopping
from dispatch.campaigns.progress import CampaignProgress, ProgressView
from dispatch.errors import CampaignNotFound
from models.api_key import ApiKey
from models.database import db
from models.failures import DATABASE_ERRORS

routes = Routes("events", __name__, url_prefix="/api/campaigns", tag="campaigns")

LOOK_EVERY_SEC = 1.0
# A comment is sent after this many looks without a change, because only a write shows that the client has left.
HEARTBEAT_EVERY = 5
# After these the client connects again and is then told what is wrong.
LAST_LOOKS: tuple[type[Exception], ...] = (CampaignNotFound, *DATABASE_ERRORS)

_EVENT = {
    "type": "object",
    "description": "one event of the stream",
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["progress", "end"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["id", "event", "data"],
}


# The streams of this process.
slots = Crowd()


@routes.get(
    "/<campaign_id>/events",
    summary="Follow a campaign while it is sent",
    answers={
        200: {
            "description": "`progress` events with counts, rate and estimated end; `end` with the last of them",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    },
    refuses=("CAMPAIGN_NOT_FOUND", "STREAMS_BUSY"),
    scope="read",
)
def follow(path: CampaignPath, query: Organization) -> Response:
    """Sends an event each second in which something changed. The stream ends when the campaign is final."""
    return progress_stream(path.campaign_id, partial(ApiKey.is_live, holder().key_id))


def progress_stream(campaign_id: int, may_go_on: Callable[[], bool]) -> Response:
    """Returns the stream of a campaign, which takes one of the account's places and is asked whether it may go on."""
    progress = CampaignProgress(caller(), campaign_id)
    first = progress.look()
    leave = take_place(slots, most=settings().web_streams_per_account)
    response = Response(
        _events(progress, first, may_go_on),
        content_type="text/event-stream",
        # A proxy that buffers answers would delay every event.
        headers={"X-Accel-Buffering": "no"},
    )
    response.call_on_close(leave)
    return response


def _events(progress: CampaignProgress, look: ProgressView, may_go_on: Callable[[], bool]) -> Iterator[str]:
    """Runs after the request, and holds a connection only while it looks; ends when it may not go on."""
    number, quiet, last = 0, 0, None
    while True:
        if look != last or look.final:
            number, quiet, last = number + 1, 0, look
            kind = "end" if look.final else "progress"
            yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(look.model_dump(mode='json'))}\n\n"
        else:
            quiet += 1
            if quiet % HEARTBEAT_EVERY == 0:
                yield ": still here\n\n"
        if look.final or stopping().wait(LOOK_EVERY_SEC):
            return
        try:
            with db.connection_context():
                if not may_go_on():
                    return
                look = progress.look()
        except LAST_LOOKS:
            return
