"""Checks a text for an account: as any text, against the attributes of its customers, and for whom it has gaps."""

from dispatch.audience.gaps import GapView, reach_of
from dispatch.audience.members import Audience
from dispatch.caller import Caller
from dispatch.texts.check import CheckedView, RemarkView, check_template
from dispatch.texts.linked import sampled
from dispatch.texts.template import compile_template
from models.tenancy import ALL_ACCOUNTS


class CheckedForView(CheckedView):
    """The result of checking a text for an account; the gaps are those for everyone subscribed."""

    gaps: list[GapView] = []


def check_text(caller: Caller, body: str, channel: str = "sms") -> CheckedForView:
    """Checks a text for this channel and the caller's account; one that cannot be used is an answer, not a refusal.

    For a caller of all accounts, who named none, no attributes are known and no one is counted.
    """
    account_id = None if caller.account is ALL_ACCOUNTS else caller.account
    checked = dict(check_template(body, channel, account_id=account_id))
    if account_id is None or not checked["valid"]:
        return CheckedForView(**checked)
    everyone = Audience(account_id=account_id, campaign_id=None, kind="everyone")
    gaps = reach_of(everyone, sampled(compile_template(body), account_id)[0]).gaps
    remarks = [RemarkView(code="empty_placeholder", message=gap.message) for gap in gaps]
    return CheckedForView(**checked | {"warnings": [*checked["warnings"], *remarks]}, gaps=gaps)
