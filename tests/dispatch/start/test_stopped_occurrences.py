"""A recurring campaign that is stopped at the very moment of an occurrence stops that too, or there is none."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.recovery import recover
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from scheduling.tick import tick
from tests.factories import a_list, an_account, asking
from tests.racing import race
from tests.recurring import a_pattern, occurrences_of

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.mark.parametrize(("stop", "status"), [(pause_campaign, "paused"), (cancel_campaign, "cancelled")])
def test_whichever_comes_first_nothing_goes_on(stop, status):
    account = an_account()
    members = a_list(account, 2)
    patterns = [a_pattern(account, list_id=members).id for _ in range(30)]
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")
    race(
        tick,
        tick,
        *[lambda part=part: [stop(asking(), each) for each in part] for part in (patterns[::2], patterns[1::2])],
    )
    recover()
    for pattern in patterns:
        assert read_campaign(asking(), pattern).status == status
        assert {each.status for each in occurrences_of(pattern)} <= {status}
    assert audit(ALL_ACCOUNTS) == []
