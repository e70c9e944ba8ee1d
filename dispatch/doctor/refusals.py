"""What a start that was refused says to people, by the code that `blocked_reason` keeps of the refusal."""

# By the code of the refusal, as `blocked_reason` has it: our code, what is wrong and what to do.
REFUSALS = {
    "INSUFFICIENT_CREDITS": ("credits", "The account has too few credits for it. Top up the account."),
    "SUBSCRIPTION_REQUIRED": ("subscription", "The account has no active subscription. Renew the subscription."),
    "APPROVAL_REQUIRED": ("approval", "It needs the approval of a second person. Ask someone who did not write it."),
    "IMPORT_RUNNING": ("importing", "An import is still changing who is in its audience. Wait until that ends."),
    "SPENDING_LIMIT": (
        "quota",
        "The account has sent as much as it may in a day. Wait for the next day (of UTC), or ask an operator for a "
        "higher limit.",
    ),
    "QUOTA_EXCEEDED": ("quota", "The account has reached a limit. Ask an operator for a higher one."),
    "TOO_LATE": (
        "too_late",
        "It missed its time by more than its grace. Start it now, give it another time or a longer grace, or cancel "
        "it.",
    ),
    "EXPIRED": (
        "expired",
        "It expired before it could start, so nothing of it would be sent. Give it a later expiry, or cancel it.",
    ),
    "NO_RECIPIENTS": (
        "incomplete",
        "Nobody in its audience can be messaged now: they have opted out, have numbers that get no texts, have had "
        "enough messages, or could only be reached after it expires. `campaign plan` counts them; add or choose "
        "others, or change its hours.",
    ),
    "TOO_FEW_RECIPIENTS": (
        "incomplete",
        "Too few people can be messaged for the texts that it compares. Add people, send one text, or hold no one "
        "back.",
    ),
    "NO_TARGET_AUDIENCE": ("incomplete", "It has no audience. Choose customers, a list, a segment or everyone."),
    "NO_MESSAGE_TEXT": ("incomplete", "It has no text. Write one, or choose a stored template."),
    "INVALID_TEMPLATE": ("incomplete", "Its text cannot be used. Correct it; `templates validate` says what is wrong."),
    "SEGMENT_TOO_HEAVY": (
        "incomplete",
        "Looking for the people of its segment takes too long. Give the segment fewer or simpler conditions.",
    ),
    "REMOTE_NOT_CONFIGURED": (
        "remote",
        "The remote service that knows its audience is not set up. Ask whoever runs the installation.",
    ),
    "LINKS_NOT_CONFIGURED": (
        "links",
        "Its text has short links, and PUBLIC_URL or LINK_KEY is not set. Ask whoever runs the installation.",
    ),
    "REMOTE_FAILED": ("remote", "The remote service that knows its audience failed. Ask whoever runs it."),
    "QUEUE_UNAVAILABLE": ("redis_away", "The job queue (Redis) did not answer. Ask whoever runs the installation."),
    "ENQUEUE_FAILED": ("preparation_failed", "Its messages could not be written."),
    "INTERNAL": ("refused", "It could not be started, and only the logs say why. Ask whoever runs the installation."),
}


def why_refused(code: str) -> tuple[str, str]:
    """Returns the code of `doctor` for a start that was refused with this code, and what is wrong and to be done."""
    return REFUSALS.get(code, ("refused", f"It was refused ({code}). Look at the logs, or ask an operator."))


def in_words(code: str) -> str:
    """Returns what is wrong and to be done about a start that was refused with this code."""
    return why_refused(code)[1]
