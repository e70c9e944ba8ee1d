"""What a request with an id needs: a row of each kind, and a body that is valid except for the id."""

from collections.abc import Callable
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID

from dispatch.accounts.accounts import AccountView
from dispatch.accounts.keys import issue_key
from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment
from dispatch.channels.providers import add_provider
from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.suppressions import add_suppression
from dispatch.schedules.schedules import create_schedule
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.stored import create_template
from dispatch.webhooks.webhooks import add_webhook, send_test_event
from models.tenancy import ALL_ACCOUNTS
from scheduling.draft import ScheduleDraft
from scheduling.registry import known_types, register
from tests.factories import a_campaign, a_list, asking, customers

Schema = dict[str, Any]

_number = count(1)
_JOB_TYPE = "test"
_ATHENS = {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}


def _reference(account: AccountView) -> str:
    campaign = a_campaign(account, recipients=2)
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c-1"), campaign.id)
    return f"{campaign.id}-0"


def _import(account: AccountView) -> int:
    file = BytesIO(b"phone\n+306912345678\n")
    return start_import(asking(account.id), file, Wish(f"import {next(_number)}")).id


def _segment(account: AccountView) -> int:
    return create_segment(asking(account.id), name=f"s{next(_number)}", filter=read_filter(_ATHENS)).id


def _provider(account: AccountView) -> int:
    return add_provider(asking(account.id), name=f"p{next(_number)}", kind="simulated", given={}).id


def _schedule(account: AccountView) -> str:
    if _JOB_TYPE not in known_types():
        register(_JOB_TYPE, lambda job: None)
    draft = ScheduleDraft(job_type=_JOB_TYPE, job_payload={}, cron_expression="@daily")
    return str(create_schedule(asking(account.id), draft).id)


def _webhook(account: AccountView) -> str:
    return str(add_webhook(asking(account.id), url=f"https://shop.example.com/{next(_number)}").id)


def _deliveries(account: AccountView) -> list[int]:
    return [send_test_event(asking(account.id), UUID(_webhook(account))).id]


# How to create a row of an account, by the name of its id in paths, queries and bodies.
MAKE: dict[str, Callable[[AccountView], Any]] = {
    "campaign_id": lambda account: a_campaign(account, recipients=2).id,
    "customer_id": lambda account: customers(account, 1)[0],
    "customer_ids": lambda account: customers(account, 2),
    "import_id": _import,
    "key_id": lambda account: issue_key(asking(account.id), scopes=("approve",)).id,
    "list_id": lambda account: a_list(account, 1),
    "organization_id": lambda account: str(account.id),
    "parent_id": lambda account: a_campaign(account, recipients=2).id,
    "provider_id": _provider,
    "reference": _reference,
    "schedule_id": _schedule,
    "segment_id": _segment,
    "suppression_id": lambda account: add_suppression(asking(account.id), phone="+306912345678")[0].id,
    "template_id": lambda account: create_template(asking(account.id), name=f"t{next(_number)}", body="Hi").id,
    "delivery_ids": _deliveries,
    "webhook_id": _webhook,
}
# The same ids, of rows that never existed.
NEVER: dict[str, Any] = dict.fromkeys(MAKE, 987_654) | {
    "customer_ids": [987_654, 987_655],
    "key_id": "00000000-0000-4000-8000-000000000001",
    "organization_id": "00000000-0000-4000-8000-000000000001",
    "reference": "987654-0",
    "schedule_id": "00000000-0000-4000-8000-000000000001",
    "delivery_ids": [987_654],
    "webhook_id": "00000000-0000-4000-8000-000000000001",
}
# Fields for which not every value of the right type is valid.
_VALUES: dict[str, Any] = {
    "base_template": "Hi {first_name}",
    "body": "Hi {first_name}",
    "channel": "sms",
    "filter": _ATHENS,
    "kind": "simulated",
    "numbers": ["+306912345678"],
    "phone": "+306912345678",
    "phones": ["+306912345678"],
    "providers": [],
    "scopes": ["read"],
    "url": "https://shop.example.com/hooks",
}


def is_id(name: str) -> bool:
    """Returns whether a field is the id of something of an account here; that of a request or a business is not."""
    return name.endswith(("_id", "_ids")) and name not in ("request_id", "business_id")


def properties(operation: Schema, document: Schema) -> Schema:
    """Returns the fields of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    return _resolved(content.get("application/json", {}).get("schema", {}), document).get("properties", {})


def right_body(operation: Schema, document: Schema, account: AccountView) -> dict[str, Any] | None:
    """Returns the smallest valid body of the operation, with ids of the account; None when it takes no body."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    schema = _resolved(content["application/json"]["schema"], document)
    # A change has to change something.
    needed = schema.get("required") or [name for name in schema["properties"] if not is_id(name)][:1]
    return {name: _value(name, schema["properties"][name], account) for name in needed}


def _value(name: str, schema: Schema, account: AccountView) -> Any:
    if name in MAKE:
        return MAKE[name](account)
    if schema.get("items", {}).get("type") == "integer":
        return [1]
    if name in _VALUES:
        return _VALUES[name]
    if "anyOf" in schema:
        return _value(name, schema["anyOf"][0], account)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2090-01-31T09:00:00Z"
    return {"string": "x", "integer": 1, "boolean": True, "object": {}}[schema["type"]]


def _resolved(schema: Schema, document: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
