"""The application against its own document, in sequences of requests about the same things.

A request alone meets what is new; the fault may be in what ten others have left: a cancelled campaign without an
audience, a segment of a deleted list, an import that was ended.
"""

import re
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.http.served import SERVED, one_of_each, schema
from tests.factories import a_campaign, a_key, an_account

# All of them take about half a minute.
SEQUENCES = 80
STEPS = 12

OPERATIONS = {found.ok().label: found.ok() for found in schema.get_all_operations()}
# What a POST to the collection makes, by its path: {"/api/campaigns": "campaign_id"}.
MADE_BY = {
    path[1]: path[2] for label in OPERATIONS if (path := re.fullmatch(r"\w+ (/.*)/\{(\w+)\}", label)) is not None
} | {"/api/campaigns/{campaign_id}/duplicate": "campaign_id"}
# The stream of a campaign that has not ended would not end either.
ENDLESS = re.compile("/events$")


class Known:
    """The ids of what an account has, or had, by the names of parameters; the key in use is not among them."""

    def __init__(self, account) -> None:
        self.ids = defaultdict(list, {name: [value] for name, value in one_of_each(account).items()})
        # Beside the draft: one that has ended, one that is sent, and one that would reach no one.
        sending = int(self.ids["reference"][0].partition("-")[0])
        self.ids["campaign_id"] += [*self.ids["ended"], sending, a_campaign(account).id]

    def remember(self, path: str, answer: Any) -> None:
        """Adds what an answer says was made."""
        if answer.status_code in (201, 202) and path in MADE_BY:
            self.ids[MADE_BY[path]].append(answer.json()["id"])

    def put_into(self, values: Any, draw: Any) -> None:
        """Replaces the ids in a path, query or body, each by one of those of its kind."""
        for name in values if isinstance(values, dict) else ():
            if known := self.ids.get(name):
                values[name] = draw(st.sampled_from(known))


@pytest.fixture
def served(app, db, redis):
    SERVED.app = app


@given(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=STEPS, max_size=STEPS), st.data())
@settings(
    max_examples=SEQUENCES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    # Ids go on from one try to the next, so a failure cannot be repeated with other values.
    phases=[Phase.generate],
)
def test_every_answer_in_a_sequence_matches_its_description(served, labels, data):
    account = an_account()
    known, headers = Known(account), {"Authorization": f"Bearer {a_key(account)}"}
    for label in labels:
        operation = OPERATIONS[label]
        case = data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), label)
        for values in (case.path_parameters, case.query, case.body):
            known.put_into(values, data.draw)
        if ENDLESS.search(operation.path):
            case.path_parameters["campaign_id"] = known.ids["ended"][0]
        answer = case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
        assert answer.status_code not in (401, 429), "the key does not survive the sequence"
        known.remember(operation.path, answer)
