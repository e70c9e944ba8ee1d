"""Live progress of a campaign as server-sent events."""

import json
import threading
from collections.abc import Iterator

from flask import Response

from api.http.auth import caller
from api.http.errors import StreamsBusy
from api.http.inputs import Organization
from api.http.routes import Routes
from api.routes.campaign_inputs import CampaignPath
from config.settings import settings
from config.stopping import stopping
from dispatch.campaigns.progress import CampaignProgress, ProgressView
from dispatch.errors import CampaignNotFound
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


class Slots:
    """The streams of this process: at most half of its threads, so that the others keep answering."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> bool:
        """Takes a slot; returns whether one was free."""
        with self._lock:
            free = self.taken < max(1, settings().web_threads // 2)
            self.taken += free
            return free

    def give_back(self) -> None:
        """Frees a slot when its stream has ended."""
        with self._lock:
            self.taken -= 1


slots = Slots()


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
    progress = CampaignProgress(caller(), path.campaign_id)
    first = progress.look()
    if not slots.take():
        raise StreamsBusy
    response = Response(
        _events(progress, first),
        content_type="text/event-stream",
        # A proxy that buffers answers would delay every event.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.call_on_close(slots.give_back)
    return response


def _events(progress: CampaignProgress, look: ProgressView) -> Iterator[str]:
    """Runs after the request, and holds a connection only while it looks."""
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
                look = progress.look()
        except LAST_LOOKS:
            return
