"""Replies over HTTP: what people wrote back, which words an account takes for STOP and its like, and its answers."""

from typing import Annotated

from flask import Response
from pydantic import Field

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Given, Organization, Page
from api.http.pages import Paged, paged
from api.http.routes import Routes
from dispatch.receipts.replies import ReplyView, export_replies, list_replies
from dispatch.receipts.settings import (
    MOST_LETTERS,
    MOST_OF_ANSWER,
    MOST_WORDS,
    ReplySettingsView,
    change_reply_settings,
    read_reply_settings,
)

routes = Routes("replies", __name__, url_prefix="/api")


Words = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=200)]


class ReplySettings(Given):
    """Fields that are left out stay as they are; each list replaces the one before, and [] removes the words."""

    help_answer: str | None = Field(
        None, description=f"up to {MOST_OF_ANSWER} characters; null: the usual one, '': none"
    )
    stop_answer: str | None = Field(None, description="confirms an opt-out; null or '': none")
    start_answer: str | None = Field(None, description="confirms that someone comes back; null or '': none")
    stop_words: Words = Field([], description=f"up to {MOST_WORDS} words of up to {MOST_LETTERS} characters")
    start_words: Words = Field([], description="as many, to come back")
    help_words: Words = Field([], description="as many, to ask for help")


class Replies(Paged[ReplyView]):
    """One page, newest first."""


@routes.get("/replies", summary="List replies, newest first", answers={200: Replies}, scope="read")
def index(query: Page) -> Paged[ReplyView]:
    """Each with the campaign last sent to its number, what it was taken for (`keyword`) and what it was answered."""
    return paged(list_replies(caller(), page=query.page, page_size=query.page_size), query)


@routes.get(
    "/replies.csv",
    summary="Download replies",
    answers={200: csv_response("CSV with a header")},
    refuses=("STREAMS_BUSY",),
    scope="read",
)
def export(query: Organization) -> Response:
    """All of the account's, oldest first."""
    return csv_answer(export_replies(caller()), "replies.csv")


@routes.get("/account/replies", summary="Read what replies do", answers={200: ReplySettingsView}, scope="read")
def read_settings(query: Organization) -> ReplySettingsView:
    """The account's own words for STOP, START and HELP, those that every account has, and the answers."""
    return read_reply_settings(caller())


@routes.patch(
    "/account/replies", summary="Set what replies do", answers={200: ReplySettingsView}, body=True, scope="admin"
)
def change_settings(query: Organization, body: ReplySettings) -> ReplySettingsView:
    """A word counts when it is a whole reply, apart from case, accents, punctuation and spaces; it has one meaning."""
    return change_reply_settings(caller(), body.model_dump(exclude_unset=True))
