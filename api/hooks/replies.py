"""Replies over HTTP: what people wrote back."""

from flask import Response

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Organization, Page
from api.http.pages import Paged, paged
from api.http.routes import Routes
from dispatch.receipts.replies import ReplyView, export_replies, list_replies

routes = Routes("replies", __name__, url_prefix="/api")


class Replies(Paged[ReplyView]):
    """One page, newest first."""


@routes.get("/replies", summary="List replies, newest first", answers={200: Replies}, scope="read")
def index(query: Page) -> Paged[ReplyView]:
    """Each with the campaign last sent to its number; `keyword` says that it was STOP, START or HELP."""
    return paged(list_replies(caller(), page=query.page, page_size=query.page_size), query)


@routes.get("/replies.csv", summary="Download replies", answers={200: csv_response("CSV with a header")}, scope="read")
def export(query: Organization) -> Response:
    """All of the account's, oldest first."""
    return csv_answer(export_replies(caller()), "replies.csv")
