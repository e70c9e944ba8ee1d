"""What a decision about an approval reads: what the approver did, and not what everyone else did."""

import json
from collections.abc import Iterator
from typing import Any

from models.campaigns.hands import has_hand
from models.database import row, rows
from tests.dispatch.approval.approving import written
from tests.factories import a_list

OTHERS = 5_000


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def test_a_list_that_others_have_changed_a_thousand_times_costs_its_approver_nothing(account, writer):
    listed = a_list(account, 3)
    campaign = written(writer, list_id=listed)
    for actor, action, subject in (
        ("crm", "list.members_added", str(listed)),
        ("crm", "campaign.edited", "other"),
        ("second", "customer.created", "other"),
    ):
        rows(
            """INSERT INTO audit_event (account_id, actor, action, subject, at)
               SELECT %s, %s, %s, CASE %s WHEN 'other' THEN (1000 + n)::text ELSE %s END, now() - interval '1 day'
               FROM generate_series(1, %s) n""",
            [account.id, actor, action, subject, subject, OTHERS],
        )
    rows("VACUUM ANALYZE audit_event")
    found = row(
        f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT {has_hand('%(actor)s')} FROM campaign WHERE id = %(id)s",
        {"actor": "second", "id": campaign.id},
    )
    plan = found["QUERY PLAN"]
    [root] = json.loads(plan) if isinstance(plan, str) else plan
    read = [
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes(root["Plan"])
        if node.get("Relation Name") == "audit_event"
    ]
    assert 0 < sum(read) < 100, read
