"""What the start of a campaign answers over HTTP."""

from typing import Any, Self

from pydantic import BaseModel, Field

from api.http import request_id
from api.http.auth import caller
from dispatch.audience.gaps import GapView
from dispatch.campaigns.message_view import MessageView
from dispatch.campaigns.messages import list_messages
from dispatch.campaigns.view import Status
from dispatch.start import follow_ups
from dispatch.start.started import EnqueueResult
from dispatch.texts.check import RemarkView


class Started(BaseModel):
    """A started campaign; `queued` is the size of its audience while it is still `preparing`.

    The fields in camelCase are those that older clients read, with the same values.
    """

    queued: int
    enqueued_jobs: int
    campaign_id: int
    request_id: str
    enqueuedJobs: int
    campaignId: int
    status: Status
    queue: str
    skipped: dict[str, int] = Field(
        {},
        description="how many of the audience get no message, by reason; left out when there are none",
        exclude_if=lambda skipped: not skipped,
    )
    requestId: str
    warnings: list[RemarkView] = Field(
        exclude_if=lambda warnings: not warnings,
        description="what looks like a placeholder and is sent as it is; left out without any",
    )
    gaps: list[GapView] = Field(
        exclude_if=lambda gaps: not gaps,
        description="placeholders that are empty for some people; left out if none",
    )

    @classmethod
    def of(cls, started: EnqueueResult, **more: Any) -> Self:
        """Returns the answer to a start of this campaign."""
        return cls(
            queued=started.queued,
            enqueued_jobs=started.enqueued_jobs,
            campaign_id=started.campaign_id,
            request_id=request_id.current(),
            enqueuedJobs=started.enqueued_jobs,
            campaignId=started.campaign_id,
            status=started.status,
            queue=started.queue,
            skipped=dict(started.skipped),
            requestId=request_id.current(),
            warnings=started.warnings,
            gaps=started.gaps,
            **more,
        )


class StartedChild(Started):
    """A started child campaign; `campaignId` is the child's id."""

    parent_id: int
    parentId: int

    @classmethod
    def of_child(cls, started: EnqueueResult, parent_id: int | None) -> Self:
        """Returns the answer to a start of this child."""
        return cls.of(started, parent_id=parent_id, parentId=parent_id)


class StartedTest(StartedChild):
    """A started test, and the text that goes to each number."""

    messages: list[MessageView]

    @classmethod
    def of_child(cls, started: EnqueueResult, parent_id: int | None) -> Self:
        """Returns the answer to a start of this test."""
        sent = list_messages(caller(), started.campaign_id, page_size=follow_ups.MOST_TEST_NUMBERS)
        return cls.of(started, parent_id=parent_id, parentId=parent_id, messages=sent.rows)
