"""What a reply asks for when it is nothing but a keyword: to get no more, to come back, or for help.

The words of STOP are those that Twilio takes by default (https://help.twilio.com/articles/223134027), with REVOKE and
OPTOUT, which the FCC names (47 CFR 64.1200(a)(10)).
"""

from dispatch.formats.composing import normal

WORDS = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "stop"),
    **dict.fromkeys(("start", "unstop"), "start"),
    **dict.fromkeys(("help", "info"), "help"),
}
# Longer than any keyword, however it is spaced and accented.
_MOST_LETTERS = 200


def keyword_of(text: str) -> str | None:
    """Returns stop, start or help when the whole text is such a word, apart from case, accents and punctuation."""
    return WORDS.get(bare(text)) if len(text) <= _MOST_LETTERS else None


def bare(text: str) -> str:
    """Returns the letters and digits of a text, without case and accents."""
    folded = normal("NFKD", normal("NFKD", text).casefold())
    return "".join(letter for letter in folded if letter.isalnum())
