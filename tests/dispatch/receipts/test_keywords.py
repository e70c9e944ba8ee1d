"""What counts as the same word: case, accents, punctuation, spaces and what cannot be seen make no difference."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.receipts.keywords import BUILT_IN, bare, built_in


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP", "stop"),
        ("stop", "stop"),
        (" Stop. \n", "stop"),
        ("S.T.O.P!", "stop"),
        ("“Stop”", "stop"),
        ("ＳＴＯＰ", "stop"),
        ("stóp", "stop"),
        ("stop\u200b", "stop"),
        ("stop 🙏", "stop"),
        ("Stop all", "stop"),
        ("STOPALL", "stop"),
        ("opt-out", "stop"),
        ("Opt out", "stop"),
        ("Unsubscribe", "stop"),
        ("cancel", "stop"),
        ("end", "stop"),
        ("QUIT", "stop"),
        ("revoke", "stop"),
        ("Start", "start"),
        ("unstop", "start"),
        ("help?", "help"),
        ("INFO", "help"),
        ("please stop", None),
        ("don't stop", None),
        ("stop it, I love it", None),
        ("the end", None),
        ("stopp", None),
        ("", None),
        ("...", None),
        ("stop" * 100, None),
        ("s" + "\u0301" * 5000, None),
    ],
)
def test_a_keyword_is_the_whole_message(text, keyword):
    assert built_in(text) == keyword


# What people type, and a word that an account has chosen; in each script the marks that are accents are left out.
SAME = [
    ("ΣΤΟΠ", "στοπ"),
    ("Στόπ!", "ΣΤΟΠ"),
    ("τέλος", "ΤΕΛΟΣ"),
    ("ΤΈΛΟΣ", "τελος"),
    ("ΔΪΑΚΟΠΉ", "διακοπη"),
    ("KAPATIN", "kapatın"),
    ("İPTAL", "iptal"),
    ("ıptal", "IPTAL"),
    ("wyłącz", "WYLACZ"),
    ("Ødelæg", "odelaeg"),
    ("SCHLUẞ", "schluss"),
    ("ﬁn", "FIN"),
    ("إيقاف", "ايقاف"),
    ("إِيقَاف", "إيقاف"),
    ("ايقـــاف", "ايقاف"),
    ("توقف؟", "توقف"),
    ("لغو اشتراک", "لغواشتراك"),
    ("הַסֵּר", "הסר"),
    ("стой", "СТОЙ"),
    ("хватит ёлки", "хватит елки"),
    ("ＳＴＯＰ", "stop"),
    ("ｽﾄｯﾌﾟ", "ストップ"),
    ("停止。", "停止"),
    ("그만", unicodedata.normalize("NFD", "그만")),
    ("हिन्दी", "हिन्दी।"),
    ("𝐒𝐓𝐎𝐏", "stop"),
    ("Ⓢⓣⓞⓟ", "stop"),
    ("STOP ٣", "stop 3"),
    ("S\u200bT\u200cO\u200dP\ufeff", "stop"),
    ("ST\u00adOP\u2060", "stop"),
    ("\u202eSTOP\u202c", "stop"),
    ("\u3164STOP\u115f", "stop"),
    ("STOP\ufe0f", "stop"),
    (f"STOP{' 🙏' * 200}", "stop"),
    ("🛑 STOP 🛑", "stop"),
    ("👍🏽STOP👨‍👩‍👧🇬🇷", "stop"),
    ("STOP ™ ℹ️ 1️⃣ 🈚", "stop"),
    ("«STOP»", "stop"),
    ("„STOP“", "stop"),
    ("(s-t_o/p)…", "stop"),
    ("¡STOP!", "stop"),
    ("ʼstopʻ", "stop"),
]


@pytest.mark.parametrize(("typed", "word"), SAME)
def test_two_ways_to_write_a_word_are_the_same(typed, word):
    assert bare(typed) == bare(word) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("หยุด", "หยด"),  # stop, and a drop
        ("रोको", "रका"),
        ("か", "が"),
        ("stop", "stopp"),
        ("ΣΤΟΠ", "STOP"),
        ("停止", "停"),
        ("stop1", "stop2"),
    ],
)
def test_other_letters_and_vowels_are_another_word(one, other):
    assert bare(one) != bare(other)


@pytest.mark.parametrize("text", ["", " ", "...", "🛑", "\u200b", "\u0301", "️⃣", "x" * 1001, "\u3164"])
def test_what_has_no_letter_or_is_too_long_is_no_word(text):
    assert bare(text) == ""
    assert built_in(text) is None


AROUND = st.text(st.sampled_from([*" .,!?-_'\"“”«»()🛑🙏\u200b\u200d\ufeff\u00ad\n\t🇬🇷👍🏽"]), max_size=8)
LATIN_AND_GREEK = st.characters(codec="utf-8", categories=["Ll", "Lu", "Nd"], max_codepoint=0x3FF)
WORDS = st.text(
    st.one_of(LATIN_AND_GREEK, st.characters(codec="utf-8", categories=["L", "N"])), min_size=1, max_size=20
)


@given(WORDS, AROUND, AROUND)
def test_a_word_is_itself_whatever_signs_stand_around_it(word, before, after):
    assert bare(f"{before}{word}{after}") == bare(word)


@given(WORDS, st.sampled_from([str.lower, str.upper, str.title, str.swapcase, str.casefold]))
def test_a_word_is_itself_in_any_case(word, change):
    assert bare(change(word)) == bare(word)


@given(WORDS, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_word_is_itself_in_any_normal_form(word, form):
    assert bare(unicodedata.normalize(form, word)) == bare(word)


@given(
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzαβγδεζηθικλμνξοπρστυφχψω"), min_size=1, max_size=12), st.data()
)
def test_a_word_is_itself_with_accents_and_between_spaces(word, data):
    marks = st.sampled_from(["", "\u0301", "\u0300", "\u0308", "\u0302", "\u0327", " ", ".", "\u200b"])
    assert bare("".join(letter + data.draw(marks) for letter in word)) == bare(word)


@given(st.text(max_size=60))
def test_what_is_folded_stays_as_it_is(text):
    assert bare(bare(text)) == bare(text)


@pytest.mark.parametrize(("keyword", "word"), [(each, word) for each, words in BUILT_IN.items() for word in words])
def test_every_built_in_word_means_what_it_says(keyword, word):
    assert built_in(word.lower()) == built_in(f" {word}. ") == keyword
