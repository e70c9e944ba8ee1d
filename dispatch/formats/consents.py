"""What a file says about who may be messaged: the names of such columns, and yes and no as people write them.

An opt-out that is not understood would be messaged. So in a column that is called one everything but a no is a yes, and
a column whose name only suggests an opt-out or a consent is asked about.
"""

import re
from typing import Literal, NamedTuple
from unicodedata import combining

from dispatch.formats.composing import normal

#: The last says of a subscribed customer that the number is not to be messaged; our exports have it.
SUBSCRIBED, UNSUBSCRIBED, SUPPRESSED = "subscribed", "unsubscribed", "suppressed"
#: Of someone who was never asked for consent, or has not answered.
NOT_ASKED = "not asked"

# Like the words of `headers`, without case, accents, spaces and signs, in the same languages; none of other channels.
_OPT_IN = """consent consentstatus subscribed subscriptionstatus optin optedin optinstatus smsoptin smsoptedin
    smsconsent marketingconsent smsmarketingconsent smsmarketing acceptssms acceptssmsmarketing smssubscribed
    smspermission smsstatus smssubscriptionstatus einwilligung werbeeinwilligung smseinwilligung συγκαταθεση
    συναινεση consentement consentementsms consentimiento consentimientosms consenso consensosms consentimento
    toestemming smsizni"""
_OPT_OUT = """unsubscribed unsubscribe unsubscribedat optout optedout smsoptout smsoptedout optoutsms
    optedoutofsms smsunsubscribed donotcontact donottext donotsms donotmessage dnc nosms stopsms abgemeldet
    abbestellt werbewiderspruch keinesms απεγγραφη desabonne desinscrit dadodebaja disiscritto descadastrado
    uitgeschreven afgemeld"""
_YES = "subscribed yes y true t 1 optin optedin on granted active accepted ja j ναι oui o si s sim evet"
_NO = """unsubscribed no n false f 0 optout optedout off stop stopped denied revoked refused declined
    withdrawn blocked blacklisted blocklisted unsub nein οχι non nee nao hayır"""
_NOTHING = ("", "na", "none", "null", "nil", "never")
_NOT_ASKED = """neversubscribed notsubscribed neveroptedin notoptedin notasked neverasked pending pendingconfirmation
    unconfirmed notconfirmed unknown notset notgiven noresponse noanswer"""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Of the words of a name, with a space on either side.
_SAYS_OUT = re.compile(
    r" opt(ed|s|ing)? ?outs? | unsub(s|scri(be|bed|bes|ber|bers|ption))? | (black|block) ?list(ed)? | dn[dc] "
    r"| (do not|don ?t|dont|stop|never) (sms|call|contact|text|messages?|disturb|phone|market|marketing|solicit) "
    r"| no (sms|texts|marketing) | consent (withdrawn|revoked|denied|refused) "
)
_MAY_SAY_OUT = re.compile(r" blocked | suppress(ed|ion)? ")
_SAYS_IN = re.compile(r" consent(s|ed)? | opt(ed|s)? ?in | subscri(be|bed|ber|bers|bes|ption) | accepts? | permission ")
# What may stand beside such a word and leaves its meaning.
_BESIDE = _set(
    """sms text texts message messages messaging phone mobile whatsapp marketing gdpr dsgvo rgpd is has of for to the by
    via from in out status state given granted customer contact user list communications"""
)
_TIME = _set("at date time timestamp on when datetime day since")
_DETAIL = _set(
    "source ip reason other method level campaign title id url form page version channel collected updated type"
)
# Those of a subscription that is paid for.
_PAID = _set("plan price tier renewal fee product box amount term length name expiry cost billing")
_TEXTED = _set("sms text texts whatsapp marketing")
_OURS = _TEXTED - {"marketing"} | _set("phone mobile call message messages messaging")
_OTHER_CHANNEL = _set("email emails mail mailing newsletter newsletters post postal fax push letter")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Meaning(NamedTuple):
    """What the name of a column has to do with consent: whether a yes in it opts out, and how certain that is.

    A detail is the time, source or reason of what another column says; a doubt may be something else altogether.
    """

    opts_out: bool
    certainty: Literal["sure", "detail", "doubt"]


def word_of(text: str) -> str:
    """Returns the text without case, accents, spaces and signs."""
    return "".join(_words_of(text))


def _words_of_name(column: str) -> list[str]:
    return _words_of(_CAMEL.sub(" ", column))


def _words_of(text: str) -> list[str]:
    letters = normal("NFKD", text).casefold()
    return re.sub(r"[\W_]+", " ", "".join(letter for letter in letters if not combining(letter))).split()


OPT_OUTS = frozenset(map(word_of, _OPT_OUT.split()))
COLUMNS = OPT_OUTS | frozenset(map(word_of, _OPT_IN.split()))
_OWN_WORDS = (SUBSCRIBED, UNSUBSCRIBED, SUPPRESSED)
# Of the noes of a column of consent, those that are a no in one of opt-outs too; any other opts out there.
_DENIALS = frozenset(map(word_of, _set("no n false f 0 off nein οχι non nee nao hayır optin optedin")))
_SIGN = re.compile(r"[^\w\s./\-\u2013\u2014]")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")
# In a column of any name. "DNC" may be anything there.
_SAYS_SO = (OPT_OUTS - {"dnc"}) | _set("donotcall donotdisturb blacklisted blocklisted unsub")
_FIRST_LETTERS = frozenset(word[0] for word in _SAYS_SO)
_SHORTEST, _LONGEST = 5, 30
# Between the values of a cell that has several; what may stand around each is left out, as of a list in JSON.
_SEPARATORS, _AROUND = re.compile("[,;|]"), " \t\n\"'[](){}"
# A date that databases write where there is none.
_NO_DATE = re.compile(r"0[0\W]+(T[0\W]+)?Z?")
_NOT_ASKED_WORDS = frozenset((*_NOTHING, *_NOT_ASKED.split()))
_YES_WORDS, _NO_WORDS = frozenset(map(word_of, _YES.split())), frozenset(map(word_of, _NO.split()))


def meaning_of(column: str) -> Meaning | None:
    """Returns what the name of a column has to do with consent to texts, None for nothing.

    Names are read by their words, also where only capitals separate these (`HasOptedOutOfSMS`). An opt-out of another
    channel, such as email, is none of ours.
    """
    words = _words_of_name(column)
    if (whole := "".join(words)) in COLUMNS:
        return Meaning(whole in OPT_OUTS, "sure")
    has = frozenset(words)
    if _of_another_channel(has):
        return None
    said = f" {' '.join(words)} "
    if _SAYS_OUT.search(said) or has & OPT_OUTS:
        return Meaning(True, "detail" if has & _DETAIL else "sure")
    if _MAY_SAY_OUT.search(said):
        return Meaning(True, "doubt")
    if has & COLUMNS or _SAYS_IN.search(said):
        return _of_consent(said, has)
    if has <= _BESIDE and has & _TEXTED and ("status" in has or "marketing" in has):
        return Meaning(False, "sure" if len(has) > 1 else "doubt")
    return None


def is_of_another_channel(column: str) -> bool:
    """Returns whether the column speaks of email, post or the like and not of texts."""
    return _of_another_channel(frozenset(_words_of_name(column)))


def _of_another_channel(has: frozenset[str]) -> bool:
    return bool(has & _OTHER_CHANNEL) and not has & _OURS


def says_opt_out(cell: str) -> bool:
    """Returns whether the cell, of whatever column, says that its person has opted out of something."""
    # Nearly all cells are told by their length and first letter, ten times as fast as by their words.
    if not _SHORTEST <= len(cell) <= _LONGEST or cell[0].casefold() not in _FIRST_LETTERS:
        return False
    return word_of(cell) in _SAYS_SO


def says_opt_out_among_others(cell: str) -> bool:
    """Returns whether one of several values in the cell, as tags are written, says that its person has opted out."""
    if not ("," in cell or ";" in cell or "|" in cell):
        return False
    return any(says_opt_out(value.strip(_AROUND)) for value in _SEPARATORS.split(cell))


def _of_consent(said: str, has: frozenset[str]) -> Meaning | None:
    beside = frozenset(_SAYS_IN.sub(" ", said).split()) - COLUMNS - _BESIDE
    if ("subscription" in has and has & _PAID) or has & {"id", "key"}:
        return None
    if has & {"accept", "accepts", "permission"} and not has & (_TEXTED | _OURS):
        return None
    if beside & (_TIME | _DETAIL):
        return Meaning(False, "detail")
    unclear = beside or (has & {"subscription", "subscriptions"} and "status" not in has)
    return Meaning(False, "doubt" if unclear else "sure")


def consent_said(cell: str, *, opts_out: bool) -> str:
    """Returns `subscribed`, `unsubscribed`, `suppressed`, `not asked`, or a cell not understood.

    In a column that opts out by its name, yes means unsubscribed, and '' is returned where the cell says nothing. A
    date is when it was said. Of several values in a cell an opt-out decides.
    """
    if cell in _OWN_WORDS:
        return cell
    word = word_of(cell.removesuffix(".0"))
    if word in _OWN_WORDS:
        return word
    if opts_out:
        # A tick is neither a letter nor a dash.
        says_no = word in _DENIALS or (word in _NOTHING and not _SIGN.search(cell))
        return "" if says_no or _NO_DATE.fullmatch(cell) else UNSUBSCRIBED
    if word in _NO_WORDS:
        return UNSUBSCRIBED
    if says_opt_out_among_others(cell):
        return UNSUBSCRIBED
    if word in _NOT_ASKED_WORDS and not _SIGN.search(cell.replace("_", " ")):
        return NOT_ASKED
    return SUBSCRIBED if word in _YES_WORDS or _DATE.match(cell) else cell
