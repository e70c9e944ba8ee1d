"""An account's own words for STOP, START and HELP: added to the built-in ones, and each means one thing."""

from uuid import uuid4

import pytest

from dispatch.errors import InvalidRequest
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.replies import list_replies
from dispatch.receipts.settings import MOST_LETTERS, MOST_WORDS, change_reply_settings, read_reply_settings
from models.customers.suppression import Suppression
from models.database import rows
from tests.dispatch.receipts.saying import a_webhook_provider, callback, sent
from tests.factories import an_account, asking
from tests.racing import race
from tests.stored import stored_rows

PHONE = "+306911111111"


def takes(account, **words):
    return change_reply_settings(asking(account.id), words)


def writes(provider, text, phone=PHONE):
    request = callback(provider, {"id": uuid4().hex, "from": phone, "text": text})
    return take_callback(provider.kind, str(provider.id), request)


def is_stopped(account, phone=PHONE):
    return Suppression.among(account.id, [phone]) == {phone}


def keywords_of(account):
    return [each.keyword for each in list_replies(asking(account.id)).rows]


@pytest.mark.parametrize("typed", ["ΔΙΑΚΟΠΗ", "διακοπή", " Διακοπή! ", "δ-ι-α-κ-ο-π-ή", "🛑ΔΙΑΚΟΠΉ\u200b"])
def test_an_accounts_own_word_ends_messages_however_it_is_typed(account, provider, typed):
    takes(account, stop_words=["Διακοπή"])
    writes(provider, typed)
    assert is_stopped(account)
    assert keywords_of(account) == ["stop"]


def test_a_word_that_is_only_part_of_a_reply_means_nothing(account, provider):
    takes(account, stop_words=["διακοπή"])
    writes(provider, "διακοπή ρεύματος;")
    assert not is_stopped(account)
    assert keywords_of(account) == [None]


def test_own_words_come_back_and_ask_for_help_and_the_built_in_ones_still_count(account, provider):
    takes(account, stop_words=["ΣΤΟΠ"], start_words=["ΕΝΑΡΞΗ"], help_words=["ΒΟΗΘΕΙΑ"])
    for typed in ("ΣΤΟΠ", "έναρξη", "STOP", "START", "βοήθεια", "HELP"):
        writes(provider, typed)
    assert keywords_of(account) == ["help", "help", "start", "stop", "start", "stop"]
    assert not is_stopped(account)


def test_a_list_replaces_the_one_before_and_what_is_left_out_stays(account, provider):
    takes(account, stop_words=["ΣΤΟΠ", "ΔΙΑΚΟΠΗ"], help_words=["ΒΟΗΘΕΙΑ"])
    shown = takes(account, stop_words=["Τέλος", "ΤΕΛΟΣ!", "stop"])
    assert (shown.stop_words, shown.start_words, shown.help_words) == (["Τέλος", "stop"], [], ["ΒΟΗΘΕΙΑ"])
    assert read_reply_settings(asking(account.id)) == shown
    assert "UNSUBSCRIBE" in shown.built_in["stop"]
    writes(provider, "ΣΤΟΠ")
    assert not is_stopped(account)
    assert takes(account, stop_words=[]).stop_words == []


def test_a_word_may_move_to_another_meaning_in_one_change(account):
    takes(account, stop_words=["ΟΚ"], help_words=["ΤΙ"])
    shown = takes(account, stop_words=["τι"], help_words=["οκ"])
    assert (shown.stop_words, shown.help_words) == (["τι"], ["οκ"])


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        ({"stop_words": ["..."]}, "stop_words", "no letter or digit"),
        ({"stop_words": ["🛑"]}, "stop_words", "no letter or digit"),
        ({"stop_words": [""]}, "stop_words", "no letter or digit"),
        ({"stop_words": ["x" * (MOST_LETTERS + 1)]}, "stop_words", "at most 50"),
        ({"stop_words": ["στ\x00οπ"]}, "stop_words", "control character"),
        ({"stop_words": [f"w{n}" for n in range(MOST_WORDS + 1)]}, "stop_words", "51 words"),
        ({"stop_words": ["Start"]}, "stop_words", "means something else"),
        ({"start_words": ["q.u.i.t"]}, "start_words", "means something else"),
        ({"help_words": ["ＳＴＯＰ"]}, "help_words", "means something else"),
        ({"stop_words": ["info"]}, "stop_words", "means something else"),
        ({"stop_words": ["τέλος"], "start_words": ["ΤΕΛΟΣ"]}, "start_words", "means something else"),
        ({"start_words": ["Βοήθεια"]}, "start_words", "means something else"),
        ({"words": ["a"]}, "words", "There is no 'words'"),
        ({"stop": ["a"]}, "stop", "There is no 'stop'"),
    ],
)
def test_what_cannot_be_a_word_is_refused_and_changes_nothing(account, words, field, said):
    takes(account, help_words=["ΒΟΗΘΕΙΑ"])
    before = stored_rows()
    with pytest.raises(InvalidRequest, match=said) as refused:
        takes(account, **words)
    assert refused.value.details["field"] == field
    assert stored_rows() == before


def test_the_longest_letters_that_fold_to_many_can_be_a_word(account):
    takes(account, stop_words=["ﷺ" * MOST_LETTERS])


def test_of_two_who_give_a_word_two_meanings_at_once_one_is_refused(account):
    def give(field):
        takes(account, **{field: ["ΤΕΛΟΣ"]})
        return "TAKEN"

    for _ in range(10):
        rows("DELETE FROM reply_word")
        answers = race(lambda: give("stop_words"), lambda: give("start_words"))
        assert sorted(answers) == ["INVALID_REQUEST", "TAKEN"]


def test_another_accounts_word_means_nothing(account, provider):
    takes(an_account(), stop_words=["ΔΙΑΚΟΠΗ"])
    writes(provider, "ΔΙΑΚΟΠΗ")
    assert not is_stopped(account)


def test_a_word_to_an_operators_provider_counts_for_the_accounts_that_have_it(account):
    shared, second = a_webhook_provider(None), an_account()
    campaign_id = sent(account, shared)
    phone = rows("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])[0]["phone"]
    sent(second, shared)
    takes(account, stop_words=["ΔΙΑΚΟΠΗ"])
    writes(shared, "διακοπή", phone)
    assert is_stopped(account, phone)
    assert not is_stopped(second, phone)
    writes(shared, "stop", phone)
    assert is_stopped(second, phone)


def test_the_audit_trail_has_the_words(account):
    takes(account, stop_words=["ΣΤΟΠ"])
    [event] = rows("SELECT action, details FROM audit_event WHERE action = 'account.replies_changed'")
    assert event["details"] == {"stop_words": ["ΣΤΟΠ"]}
