"""What a customer was sent, and what they wrote back, newest first."""

from dataclasses import asdict

from pydantic import Field

from dispatch.caller import Caller
from dispatch.customers.customers import read_customer
from dispatch.formats.view import Channel, MessageState, Time, View
from models.messages import of_person

# Of each; more no one reads on a page.
MOST = 50


class PersonReplyView(View):
    """What they wrote, and the word that it was taken for (stop, start or help)."""

    text: str
    keyword: str | None
    received_at: Time


class PersonMessageView(View):
    """A message to them, what became of it, and what they answered."""

    id: str
    campaign_id: int
    campaign: str
    channel: Channel
    text: str
    state: MessageState
    reason: str | None
    at: Time = Field(description="when it was sent; when its campaign started, if it was not")
    replies: list[PersonReplyView] = Field(description="oldest first")


class ConversationView(View):
    """The latest messages to a customer's present number, and replies from it."""

    messages: list[PersonMessageView]
    other_replies: list[PersonReplyView] = Field(description="to none of these messages")


def read_conversation(caller: Caller, customer_id: int) -> ConversationView:
    """Returns the latest messages to the customer and their replies, each at most 50.

    They are those of the number that the customer has now, in the newest 1,000 campaigns of the account.
    """
    person = read_customer(caller, customer_id)
    sent = of_person.messages_to(person.account_id, person.phone, limit=MOST)
    replies = of_person.replies_of(person.account_id, person.phone, limit=MOST)[::-1]
    known = {(each.campaign_id, each.n) for each in sent}
    return ConversationView(
        messages=[
            PersonMessageView(
                id=f"{each.campaign_id}-{each.n}",
                replies=[_reply(one) for one in replies if (one.campaign_id, one.n) == (each.campaign_id, each.n)],
                **{name: value for name, value in asdict(each).items() if name != "n"},
            )
            for each in sent
        ],
        other_replies=[_reply(one) for one in replies if (one.campaign_id, one.n) not in known],
    )


def _reply(reply: of_person.PersonReply) -> PersonReplyView:
    return PersonReplyView(text=reply.text, keyword=reply.keyword, received_at=reply.received_at)
