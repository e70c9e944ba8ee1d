"""What a file says about who may be messaged: the names of such columns, and yes and no as people write them.

An opt-out that is not understood would be messaged, so in a column that is called one everything but a no is a yes.
"""

import re
from unicodedata import combining

from dispatch.formats.composing import normal

#: The last says of a subscribed customer that the number is not to be messaged; our exports have it.
SUBSCRIBED, UNSUBSCRIBED, SUPPRESSED = "subscribed", "unsubscribed", "suppressed"

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
_YES = "subscribed yes y true t 1 optin optedin on granted ja j ναι oui o si s sim evet"
_NO = "unsubscribed no n false f 0 optout optedout off stop stopped denied revoked nein οχι non nee nao hayır"
_NOTHING = ("", "na", "none", "null", "nil", "never")


def word_of(text: str) -> str:
    """Returns the text without case, accents, spaces and signs."""
    letters = normal("NFKD", text).casefold()
    return re.sub(r"[\W_]+", "", "".join(letter for letter in letters if not combining(letter)))


OPT_OUTS = frozenset(map(word_of, _OPT_OUT.split()))
COLUMNS = OPT_OUTS | frozenset(map(word_of, _OPT_IN.split()))
_OWN_WORDS = (SUBSCRIBED, UNSUBSCRIBED, SUPPRESSED)
_OUT_WORDS, _IN_WORDS = frozenset(("optout", "optedout", "stop", "stopped")), frozenset(("optin", "optedin"))
_SIGN = re.compile(r"[^\w\s./\-\u2013\u2014]")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")
_YES_WORDS, _NO_WORDS = frozenset(map(word_of, _YES.split())), frozenset(map(word_of, _NO.split()))


def consent_said(cell: str, column: str) -> str:
    """Returns `subscribed`, `unsubscribed`, `suppressed`, '' where the cell says nothing, or a cell not understood.

    In a column that is called opt-out, or another word for it, yes means unsubscribed. A date is when it was said.
    """
    if cell in _OWN_WORDS:
        return cell
    word = word_of(cell.removesuffix(".0"))
    if word in _OWN_WORDS:
        return word
    if word_of(column) in OPT_OUTS:
        # A tick is neither a letter nor a dash.
        says_no = word in _NO_WORDS - _OUT_WORDS or word in _IN_WORDS or (word in _NOTHING and not _SIGN.search(cell))
        return "" if says_no else UNSUBSCRIBED
    if word in _NO_WORDS:
        return UNSUBSCRIBED
    return SUBSCRIBED if word in _YES_WORDS or _DATE.match(cell) else cell
