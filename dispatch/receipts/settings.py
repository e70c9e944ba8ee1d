"""An account's own words for STOP, START and HELP, which are added to the built-in ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from dispatch.accounts.accounts import account_with_id, lock_account
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_text
from dispatch.formats.view import View
from dispatch.receipts.keywords import BUILT_IN, bare, built_in
from models.database import db
from models.providers.reply_word import ReplyWord

# Of each keyword, and in characters.
MOST_WORDS, MOST_LETTERS = 50, 50


class ReplySettingsView(View):
    """What an account takes replies for."""

    stop_words: list[str] = Field(description="also end messages when one is the whole reply")
    start_words: list[str] = Field(description="also bring back who has opted out")
    help_words: list[str] = Field(description="also ask for help")
    built_in: dict[str, list[str]] = Field(description="what means stop, start and help for every account")


def read_reply_settings(caller: Caller) -> ReplySettingsView:
    """Returns what the caller's account takes replies for."""
    account_id = account_with_id(caller.one_account()).id
    words = ReplyWord.of(account_id)
    return ReplySettingsView(
        **{f"{keyword}_words": [each.word for each in words if each.keyword == keyword] for keyword in BUILT_IN},
        built_in={keyword: list(known) for keyword, known in BUILT_IN.items()},
    )


def change_reply_settings(caller: Caller, changes: Mapping[str, Any]) -> ReplySettingsView:
    """Replaces the words that are given (stop_words, start_words, help_words) and returns all of them.

    InvalidRequest names a word that cannot be used: nothing but signs, too long, or with another meaning already.
    Replies that came in before stay as they are.
    """
    account_id = account_with_id(caller.one_account()).id
    given = {field.removesuffix("_words"): checked_words(field, words) for field, words in changes.items()}
    _check_each_means_one_thing(given)
    with db.atomic():
        lock_account(caller)
        # What loses words comes first, so that a word may move from one keyword to another in one change.
        for keyword in given:
            ReplyWord.put(account_id, keyword, {})
        for keyword, words in given.items():
            if refused := ReplyWord.put(account_id, keyword, words):
                raise _has_a_meaning(f"{keyword}_words", refused[0])
        if given:
            noted = {f"{keyword}_words": list(words.values()) for keyword, words in given.items()}
            caller.note("account.replies_changed", account_id, account_id=account_id, **noted)
    return read_reply_settings(caller)


def checked_words(field: str, words: Sequence[str] | None) -> dict[str, str]:
    """Returns the words by what they are folded to, each once; InvalidRequest names one that cannot be a keyword."""
    keyword = field.removesuffix("_words")
    if keyword not in BUILT_IN or field == keyword:
        raise InvalidRequest(f"There is no {field!r}; there are stop_words, start_words and help_words.", field=field)
    found: dict[str, str] = {}
    for given in words or ():
        word = checked_text(given, field=field, most=MOST_LETTERS) or ""
        folded = bare(word)
        if not folded:
            raise InvalidRequest(f"{field}: {word!r} has no letter or digit, which a word needs.", field=field)
        if built_in(word) not in (None, keyword):
            raise _has_a_meaning(field, word)
        found.setdefault(folded, word)
    if len(found) > MOST_WORDS:
        raise InvalidRequest(f"{field} has {len(found)} words; an account may have {MOST_WORDS}.", field=field)
    return found


def _check_each_means_one_thing(given: Mapping[str, Mapping[str, str]]) -> None:
    seen: set[str] = set()
    for keyword, words in given.items():
        if twice := next((word for folded, word in words.items() if folded in seen), None):
            raise _has_a_meaning(f"{keyword}_words", twice)
        seen |= words.keys()


def _has_a_meaning(field: str, word: str) -> InvalidRequest:
    text = f"{field}: {word!r} means something else already, apart from case and accents; a word has one meaning."
    return InvalidRequest(text, field=field)
