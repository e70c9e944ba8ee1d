"""What an account does with replies: its own words for STOP, START and HELP, and what it answers to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from dispatch.accounts.accounts import account_with_id, lock_account
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_text, control_in
from dispatch.formats.composing import normal
from dispatch.formats.view import View
from dispatch.receipts.answers import answer_to
from dispatch.receipts.keywords import BUILT_IN, bare, built_in
from models.database import db
from models.providers.reply_text import ReplyText
from models.providers.reply_word import ReplyWord

# Of each keyword, and in characters.
MOST_WORDS, MOST_LETTERS = 50, 50
# Of an answer, in characters: three segments of most alphabets.
MOST_OF_ANSWER = 480


class ReplySettingsView(View):
    """What an account takes replies for, and what it answers."""

    stop_words: list[str] = Field(description="also end messages when one is the whole reply")
    start_words: list[str] = Field(description="also bring back who has opted out")
    help_words: list[str] = Field(description="also ask for help")
    help_answer: str = Field(description='to HELP; "": nothing')
    stop_answer: str = Field(description='confirms an opt-out; "": nothing, as for every account at first')
    start_answer: str = Field(description="confirms that someone comes back, in the same way")
    built_in: dict[str, list[str]] = Field(description="what means stop, start and help for every account")


def read_reply_settings(caller: Caller) -> ReplySettingsView:
    """Returns what the caller's account takes replies for and what it answers."""
    account = account_with_id(caller.one_account())
    words, texts = ReplyWord.of(account.id), ReplyText.of(account.id)
    return ReplySettingsView(
        **{f"{keyword}_words": [each.word for each in words if each.keyword == keyword] for keyword in BUILT_IN},
        **{f"{keyword}_answer": answer_to(keyword, account.name, texts) for keyword in BUILT_IN},
        built_in={keyword: list(known) for keyword, known in BUILT_IN.items()},
    )


def change_reply_settings(caller: Caller, changes: Mapping[str, Any]) -> ReplySettingsView:
    """Replaces the words (stop_words, …) and answers (stop_answer, …) that are given, and returns all of them.

    An answer of None is the usual one, '' is none. InvalidRequest names what cannot be used: a word that is nothing but
    signs, too long, or means something else already; a text that is too long. Replies that came in before stay as they
    are.
    """
    account_id = account_with_id(caller.one_account()).id
    words = {keyword: checked_words(field, changes[field]) for keyword, field in _named("words", changes)}
    answers = {keyword: _checked_answer(field, changes[field]) for keyword, field in _named("answer", changes)}
    if unknown := changes.keys() - {f"{keyword}_{what}" for keyword in BUILT_IN for what in ("words", "answer")}:
        known = ", ".join(f"{keyword}_{what}" for what in ("words", "answer") for keyword in BUILT_IN)
        raise InvalidRequest(f"There is no {min(unknown)!r}; there are {known}.", field=min(unknown))
    _check_each_means_one_thing(words)
    with db.atomic():
        lock_account(caller)
        # What loses words comes first, so that a word may move from one keyword to another in one change.
        for keyword in words:
            ReplyWord.put(account_id, keyword, {})
        for keyword, chosen in words.items():
            if refused := ReplyWord.put(account_id, keyword, chosen):
                raise _has_a_meaning(f"{keyword}_words", refused[0])
        for keyword, text in answers.items():
            ReplyText.put(account_id, keyword, text)
        if changes:
            noted = {f"{keyword}_words": list(chosen.values()) for keyword, chosen in words.items()}
            noted_answers = {f"{keyword}_answer": text for keyword, text in answers.items()}
            caller.note("account.replies_changed", account_id, account_id=account_id, **noted, **noted_answers)
    return read_reply_settings(caller)


def _named(what: str, changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(keyword, f"{keyword}_{what}") for keyword in BUILT_IN if f"{keyword}_{what}" in changes]


def checked_words(field: str, words: Sequence[str] | None) -> dict[str, str]:
    """Returns the words by what they are folded to, each once; InvalidRequest names one that cannot be a keyword."""
    keyword = field.removesuffix("_words")
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


def _checked_answer(field: str, text: str | None) -> str | None:
    """Returns the text of an answer as it is stored: '' for none, None for the usual one."""
    if text is None:
        return None
    text = normal("NFC", text).strip()
    if len(text) > MOST_OF_ANSWER:
        raise InvalidRequest(f"{field} has {len(text)} characters; it may have {MOST_OF_ANSWER}.", field=field)
    if found := control_in(text):
        raise InvalidRequest(f"{field} has a control character ({found}).", field=field)
    return text


def _check_each_means_one_thing(given: Mapping[str, Mapping[str, str]]) -> None:
    seen: set[str] = set()
    for keyword, words in given.items():
        if twice := next((word for folded, word in words.items() if folded in seen), None):
            raise _has_a_meaning(f"{keyword}_words", twice)
        seen |= words.keys()


def _has_a_meaning(field: str, word: str) -> InvalidRequest:
    text = f"{field}: {word!r} means something else already, apart from case and accents; a word has one meaning."
    return InvalidRequest(text, field=field)
