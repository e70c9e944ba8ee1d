"""Every state of a campaign and of a message, in one sentence each, and every move allowed between them.

Each move is a conditional UPDATE beside its row; in every test a trigger made of these tables refuses any other.
"""

CAMPAIGN_STATES: dict[str, str] = {
    "draft": "Being written; starts only by hand.",
    "scheduled": "Waits for its time; the sweep starts it.",
    "preparing": "Claimed; its message rows are being written, nothing is sent yet.",
    "sending": "Paid for and on its way.",
    "paused": "Stopped by a person or a refused provider account; `paused_from` says where resume returns.",
    "completed": "No message is pending or sending any more; settled.",
    "cancelled": "Ended by a person; what was not sent will not be.",
    "failed": "Could not be prepared after repeated take-overs; the reason is kept.",
}

CAMPAIGN_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"scheduled", "preparing", "cancelled"}),
    "scheduled": frozenset({"draft", "preparing", "paused", "cancelled"}),
    "preparing": frozenset({"sending", "draft", "scheduled", "paused", "cancelled", "failed"}),
    "sending": frozenset({"completed", "paused", "cancelled"}),
    "paused": frozenset({"scheduled", "preparing", "sending", "cancelled"}),
    "completed": frozenset(),
    "cancelled": frozenset(),
    "failed": frozenset(),
}

MESSAGE_STATES: dict[str, str] = {
    "pending": "Written and paid for; the provider was not called yet, or definitely did not take the last call.",
    "sending": "Claimed: the intent to call the provider is committed, the lease runs.",
    "sent": "The provider accepted it.",
    "delivered": "The provider reports it reached the handset.",
    "read": "WhatsApp reports it was read.",
    "undelivered": "The provider accepted it and later reports it did not arrive.",
    "failed": "Definitely rejected, or its attempts are used up.",
    "skipped": "Never called, for the reason kept: opted_out, invalid_number, duplicate or expired.",
    "cancelled": "Never called, because its campaign was cancelled.",
    "unknown": "The call may have left and no answer came; never resent by itself.",
    "unconfirmed": "Unknown for 24 hours; final.",
}

MESSAGE_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"sending", "skipped", "cancelled"}),
    "sending": frozenset({"pending", "sent", "failed", "unknown"}),
    "sent": frozenset({"delivered", "undelivered", "read"}),
    "delivered": frozenset({"read"}),
    "read": frozenset(),
    "undelivered": frozenset(),
    "failed": frozenset(),
    "skipped": frozenset(),
    "cancelled": frozenset(),
    "unknown": frozenset({"sent", "delivered", "failed", "unconfirmed"}),
    "unconfirmed": frozenset(),
}

CHANNELS = ("sms", "whatsapp")
