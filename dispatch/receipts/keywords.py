"""What a reply asks for when it is nothing but a keyword: to get no more, to come back, or for help.

The words of STOP are those that Twilio takes by default (https://help.twilio.com/articles/223134027), with REVOKE and
OPTOUT, which the FCC names (47 CFR 64.1200(a)(10)). Accounts add words of their own.
"""

import re
import unicodedata

from dispatch.formats.composing import normal

BUILT_IN = {
    "stop": ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    "start": ("START", "UNSTOP"),
    "help": ("HELP", "INFO"),
}
# Longer than any keyword, however it is spaced and accented and whatever stands around it.
_MOST_LETTERS = 1000

# An emoji that is drawn from a letter or a digit is none: keycaps, ™ and ℹ, what a selector makes an emoji, and the
# squared Chinese and Japanese words.
_EMOJI = re.compile("[#*0-9]\ufe0f?\u20e3|[\u2122\u2139]|[\u24c2\u3297\u3299]\ufe0f|[\U0001f200-\U0001f265]")
# Letters with a stroke or without a dot, which Unicode does not take apart; letters that keyboards of Arabic script
# have for each other; and what counts as a letter and is none: lengthening, invisible fillers, apostrophes.
_SAME = str.maketrans(
    {
        "ł": "l",
        "đ": "d",
        "ø": "o",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
        "ة": "ه",
        "ہ": "ه",
        "ھ": "ه",
        **dict.fromkeys("ـ\u115f\u1160\u3164ʹʺʻʼʽʾʿˀˈˊˋ"),
    }
)


def built_in(text: str) -> str | None:
    """Returns stop, start or help when the whole text is such a word for every account."""
    return _WORDS.get(bare(text))


def bare(text: str) -> str:
    """Returns the letters and digits of a text, without case and accents; '' of one that is too long for a keyword.

    Replies and the words of accounts are compared by it.
    """
    if len(text) > _MOST_LETTERS:
        return ""
    folded = normal("NFKD", normal("NFKD", _EMOJI.sub("", text)).casefold()).translate(_SAME)
    return "".join(_digit(letter) for letter in folded if letter.isalnum() or _is_vowel(letter))


def _digit(letter: str) -> str:
    """Returns a digit of any script as that of ASCII, and anything else as it is."""
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


def _is_vowel(letter: str) -> bool:
    """Returns whether a mark is no accent but part of a word, as vowels are in the scripts of India and Thailand.

    By its canonical combining class: 0 and 9 are those of vowels and viramas, 8 of Japanese voicing, 103 to 132 of
    Thai, Lao and Tibetan vowels and tones (https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values).
    """
    if letter < "\u0900" or not unicodedata.category(letter).startswith("M"):
        return False
    of_other_uses = "\u180b" <= letter <= "\u180f" or "\u20d0" <= letter <= "\u20ff" or "\ufe00" <= letter <= "\ufe0f"
    kind = unicodedata.combining(letter)
    return not of_other_uses and letter < "\U000e0000" and (kind in (0, 8, 9) or 103 <= kind <= 132)


_WORDS = {bare(word): keyword for keyword, words in BUILT_IN.items() for word in words}
