"""Every refusal that a start at its time can meet has words of its own."""

import pytest

from dispatch import errors
from dispatch.caller import system_caller
from dispatch.doctor.refusals import REFUSALS, in_words
from dispatch.errors import DispatchError
from dispatch.start.sweep import sweep_due
from models.database import rows
from tests.dispatch.variants.comparing import comparing
from tests.factories import an_account, fallen_due
from tests.recurring import a_pattern

# What no start of an existing campaign by the sweep raises: a request's own faults, and what keeps any request waiting.
OF_REQUESTS = {
    *("INVALID_REQUEST", "EMPTY_CUSTOMER_IDS", "MISSING_CUSTOMER_ID", "FORBIDDEN", "DUPLICATE", "IDEMPOTENCY_MISMATCH"),
    *("RESOURCE_NOT_FOUND", "CUSTOMER_NOT_FOUND", "PROVIDER_NOT_CONFIGURED", "DATABASE_NOT_MIGRATED"),
    # The sweep takes these for a campaign that is no longer due.
    *("CAMPAIGN_NOT_FOUND", "INVALID_STATUS", "ALREADY_SENDING"),
}


def codes_of(kind):
    return {kind.code}.union(*(codes_of(each) for each in kind.__subclasses__() if each.__module__ == errors.__name__))


@pytest.mark.parametrize("code", sorted(codes_of(DispatchError) - OF_REQUESTS))
def test_every_code_that_a_start_can_be_blocked_with_is_said_in_words(code):
    assert code in REFUSALS
    assert code not in in_words(code)


def test_a_comparison_with_too_few_people_says_what_to_do(said):
    campaign = fallen_due(comparing(an_account(), recipients=20, hold_back=90, winner_rule=None))
    [error] = sweep_due(system_caller()).errors
    assert error.error == "TOO_FEW_RECIPIENTS"
    assert said(campaign.id)["incomplete"].startswith("Too few people can be messaged for the texts that it compares.")


def test_a_recurring_campaign_that_expires_before_its_next_occurrence_says_so(said):
    campaign = a_pattern(an_account())
    rows("UPDATE campaign SET expires_at = now() + interval '1 second' WHERE id = %s", [campaign.id])
    assert "so nothing more is sent" in said(campaign.id)["expired"]
