"""The application against its own document: whatever is sent, the answer is one that the document describes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.http.served import SERVED, one_of_each, schema
from tests.factories import a_key, an_account

# For each operation; all of them take about two and a half minutes.
EXAMPLES = 25

OWN: dict[str, Any] = {}


@schema.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replaces every other number by the id of something that exists; other tests of the schema have none here."""
    if not OWN:
        return path_parameters
    # The stream of a campaign that has not ended would not end either.
    own = OWN | {"campaign_id": OWN["ended"]} if context.operation.path.endswith("/events") else OWN
    for name, value in (path_parameters or {}).items():
        if type(value) is int and (value % 2 == 0 or own is not OWN):
            path_parameters[name] = own[name]  # type: ignore[index]
    return path_parameters


@pytest.fixture
def key(app, db, redis):
    """A key of an account that has one of everything."""
    SERVED.app = app
    account = an_account()
    OWN.update(one_of_each(account))
    return a_key(account)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_matches_its_description(case, key):
    headers = {"Authorization": f"Bearer {key}"}
    # A request that the document allows may rightly be refused: an unknown id, too few credits.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
    assert SERVED.app.test_client().get("/api/account", headers=headers).status_code == 200
