"""Every state of a campaign, a message and a schedule, in one sentence each, and every move allowed between them.

Each move is a conditional UPDATE beside its row; in every test a trigger made from these tables refuses any other.
"""

CAMPAIGN_STATES: dict[str, str] = {
    "draft": "Being written; starts only when a person starts it.",
    "scheduled": "Waiting for its time, when the sweep starts it.",
    "recurring": "A pattern: at each of its times its schedule starts an occurrence, a campaign of its own.",
    "preparing": "Claimed; its messages are being written, and nothing has been sent.",
    "sending": "Its price is held, and its messages are being sent.",
    "paused": "Stopped by a person, or because the provider refuses our account; resuming returns it to `paused_from`.",
    "completed": "No message is pending or sending; settled, except for what is unknown; or its schedule has ended.",
    "cancelled": "Ended by a person; messages that were not sent never will be.",
    "failed": "A follow-up that could not start once it was prepared, for the reason stored.",
}

# What lists of campaigns may still be asked for, beside the states: `sent` is what `completed` was called elsewhere.
OTHER_WORDS = {"sent": "completed"}


def state_called(word: str | None) -> str | None:
    """Returns the campaign state that the word means; a word that means none, and None, is returned as it is."""
    return OTHER_WORDS.get(word, word) if word else word


CAMPAIGN_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"scheduled", "recurring", "preparing", "cancelled"}),
    "scheduled": frozenset({"draft", "preparing", "paused", "cancelled"}),
    "recurring": frozenset({"draft", "paused", "completed", "cancelled"}),
    "preparing": frozenset({"sending", "draft", "scheduled", "paused", "cancelled", "failed"}),
    "sending": frozenset({"completed", "paused", "cancelled"}),
    "paused": frozenset({"scheduled", "recurring", "preparing", "sending", "cancelled"}),
    "completed": frozenset(),
    "cancelled": frozenset(),
    "failed": frozenset(),
}

MESSAGE_STATES: dict[str, str] = {
    "pending": "Written and paid for; the provider has not been called, or certainly did not take the last call.",
    "sending": "Claimed: the intent to call the provider is committed, and the lease is running.",
    "sent": "The provider accepted it.",
    "delivered": "The provider reports that it reached the phone.",
    "read": "WhatsApp reports that it was read.",
    "undelivered": "The provider accepted it and later reports that it did not arrive; a later report may differ.",
    "failed": "Definitely rejected, or out of attempts.",
    "skipped": "Never sent, for the reason stored: opted_out, not_mobile, country_not_allowed, blank_text, "
    "held_back, duplicate, expired or frequency_cap.",
    "cancelled": "Never sent, because its campaign was cancelled.",
    "unknown": "The call may have left and no answer came; sent again only if a late answer says that it was not sent.",
    "unconfirmed": "Unknown for 24 hours; final, and its price is released.",
}

MESSAGE_MOVES: dict[str, frozenset[str]] = {
    # Straight to its outcome: while it is called it is in its batch's list, and the row is not written.
    "pending": frozenset({"sending", "sent", "failed", "unknown", "skipped", "cancelled"}),
    "sending": frozenset({"pending", "sent", "failed", "unknown"}),
    "sent": frozenset({"delivered", "undelivered", "read"}),
    "delivered": frozenset({"read"}),
    "read": frozenset(),
    "undelivered": frozenset({"delivered", "read"}),
    "failed": frozenset(),
    "skipped": frozenset(),
    "cancelled": frozenset(),
    "unknown": frozenset({"pending", "sent", "delivered", "read", "undelivered", "failed", "unconfirmed"}),
    "unconfirmed": frozenset(),
}

SCHEDULE_STATES: dict[str, str] = {
    "active": "Runs at its times.",
    "paused": "Stopped by a person; what comes up meanwhile is not made up for.",
    "completed": "It has had its only run, or as many as `max_runs` allows.",
    "failed": "Its runs failed, or its only time was missed or skipped, for the reason stored; it can be resumed.",
    "cancelled": "Ended by a person.",
}

SCHEDULE_MOVES: dict[str, frozenset[str]] = {
    "active": frozenset({"paused", "completed", "failed", "cancelled"}),
    "paused": frozenset({"active", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset({"active", "cancelled"}),
    "cancelled": frozenset(),
}

CHANNELS = ("sms", "whatsapp")
CAMPAIGN_KINDS = ("normal", "retry", "rest", "test", "occurrence")
