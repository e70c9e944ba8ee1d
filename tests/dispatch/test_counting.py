"""What people are told of one person, credit or message is told of one, not of several."""

import pytest

from cli.campaign.folding import show_saving
from dispatch.campaigns.preview_view import FoldingView
from dispatch.counting import counted
from dispatch.doctor.words import for_about
from dispatch.errors import InsufficientCredits


@pytest.mark.parametrize(("value", "said"), [(0, "0 people"), (1, "1 person"), (2, "2 people"), (1240, "1,240 people")])
def test_only_one_is_not_several(value, said):
    assert counted(value, "person", "people") == said


def test_a_campaign_of_one_credit_needs_one():
    refused = InsufficientCredits(needed=1, available=0)
    assert refused.message == "The campaign needs 1 credit and the account has 0; top up and try again."


@pytest.mark.parametrize("folded", [True, False])
def test_the_saving_of_one_credit_is_one(folded, capsys):
    show_saving(FoldingView(folded=folded, saving=1, replaced=[]))
    assert " 1 credit by" in capsys.readouterr().out


def test_a_second_is_one():
    assert for_about(0.9) == "1 second"
