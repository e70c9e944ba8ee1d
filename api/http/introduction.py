"""What /docs says before and between the calls, and a body to begin with for each call that takes one."""

from typing import Any

INTRODUCTION = """
Sends SMS and WhatsApp campaigns: every recipient at most once, whatever crashes.

**Begin** with a key: `python -m cli key create --account NAME`, or the one that the demo prints. Put it into
*Authorize*, or send it as `Authorization: Bearer <key>`. Then add customers, put them on a list, create a campaign for
the list, and start it: `POST /api/campaigns/{campaign_id}/enqueue`. `GET /api/campaigns/{campaign_id}` counts what
became of its messages.

**Accounts.** A key belongs to one account and sees nothing else. An operator's key sees all accounts and names one with
`?organization_id=<id of the account>`: an *organization* in an address is what is called *account* everywhere else.

**Twice is once.** Every POST takes an `Idempotency-Key`: sent again with the same key and body, it has one effect and
the same answer.

**Refusals** all have the shape `{"error": {"code", "message", "details"?}, "requestId"}`. Programs look at `code`;
`message` says what to do. After 429 and 503 wait as long as `Retry-After` says.

**Names.** Fields are in snake_case. The start of a campaign also answers `campaignId`, `enqueuedJobs`, `parentId` and
`requestId`, which older clients read; they mean the same as `campaign_id` and so on.

**Times** are ISO 8601 with an offset, or with the name of a zone: `2030-01-31T09:00 Europe/Athens`. A scheduled
campaign starts at its time or up to a minute later (`SCHEDULE_SWEEP_INTERVAL_MS`).
"""

# By the name of the group.
GROUPS = {
    "campaigns": "One text for one audience: written, previewed, started or scheduled, watched, paused, cancelled, "
    "followed up. `/events` streams a campaign's progress; who changed what is in the group *audit*.",
    "customers": "The people of an account, each with one phone number.",
    "imports": "CSV files of customers, imported by a job that shows its progress and returns the rejected lines.",
    "lists": "Named sets of customers, to send to.",
    "replies": "What people wrote back, and to which campaign.",
    "suppressions": "Numbers that must not be messaged: opt-outs and complaints, asked again before each message.",
    "messages": "What became of each recipient's message, and why some did not arrive.",
    "templates": "Texts stored under a name, in versions, and checked before they are stored.",
    "segments": "Filters over customers, evaluated when a campaign starts.",
    "schedules": "Registered functions that run once or again and again; recurring campaigns have one each.",
    "accounts": "The tenants: settings, subscription. A key sees its own; `organization_id` is an account's id.",
    "keys": "API keys with scopes: read, write, send, approve, admin. A key is shown once, and may expire.",
    "credits": "What an account may spend: one credit for each segment of a message, held at the start of a campaign.",
    "webhooks": "Signed requests to an account's own addresses: what becomes of its campaigns and messages.",
    "doctor": "Why campaigns do not move, when they will end and, for operators, what the installation lacks.",
    "providers": "Whom messages are sent through. Credentials are stored encrypted and never shown again.",
    "routes": "Through which providers a channel's messages go; without a route, the installation's.",
    "audit": "The audit trail: who changed what, when, and by which request. (`audit` on the command line is something "
    "else: it proves from the rows that every promise holds.)",
}

_ATHENS = {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}

# By method and address. The ids are those of a new account to which the first examples were sent in this order.
EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/api/accounts"): {"name": "Acme", "country": "GR"},
    ("patch", "/api/account"): {"zone": "Europe/Athens", "quiet_hours": "22:00-09:00", "cap_per_week": 3},
    ("patch", "/api/account/replies"): {"stop_words": ["ΣΤΟΠ", "ΔΙΑΚΟΠΗ"], "help_words": ["ΒΟΗΘΕΙΑ"]},
    ("patch", "/api/account/quotas"): {"credits_per_day": 50000, "countries": ["GR", "CY"]},
    ("put", "/api/subscription"): {"plan": "gold", "status": "active"},
    ("post", "/api/keys"): {"name": "dashboard", "scopes": ["read"]},
    ("post", "/api/credits/topup"): {"amount": 10000},
    ("post", "/api/customers"): {
        "phone": "691 234 5678",
        "first_name": "Maria",
        "location": "Athens",
        "prefered_product": "Shoes",
        "attributes": {"size": 38},
    },
    ("patch", "/api/customers/{customer_id}"): {"location": "Thessaloniki", "zone": "Europe/Athens"},
    ("post", "/api/lists"): {"name": "spring"},
    ("post", "/api/lists/{list_id}/members"): {"customer_ids": [1]},
    ("patch", "/api/lists/{list_id}"): {"name": "spring 2030"},
    ("post", "/api/segments"): {"name": "athens", "filter": _ATHENS},
    ("post", "/api/segments/preview"): {"filter": _ATHENS},
    ("patch", "/api/segments/{segment_id}"): {"name": "athenians"},
    ("post", "/api/templates"): {"name": "sale", "body": 'Hi {{ first_name|fallback("there") }}, our sale starts.'},
    ("post", "/api/templates/validate"): {"body": "Hi {first_name}!"},
    ("patch", "/api/templates/{template_id}"): {"body": 'Hello {{ first_name|fallback("there") }}!'},
    ("post", "/api/campaigns"): {"name": "Spring", "base_template": "Hi {first_name}!", "list_id": 1},
    ("patch", "/api/campaigns/{campaign_id}"): {"base_template": "Hello {first_name}!"},
    ("post", "/api/campaigns/{campaign_id}/personalized-preview"): {"customer_id": 1},
    ("post", "/api/campaigns/{campaign_id}/schedule"): {"scheduled_at": "2090-01-31T09:00 Europe/Athens"},
    ("post", "/api/campaigns/{campaign_id}/test-send"): {"numbers": ["691 234 5679"]},
    ("post", "/api/campaigns/{campaign_id}/unknown/resend"): {"numbers": [0, 7]},
    ("post", "/api/campaigns/{campaign_id}/unknown/accept"): {"numbers": [0, 7]},
    ("post", "/api/campaigns/{campaign_id}/duplicate"): {"name": "Spring, again"},
    ("post", "/api/lists/{list_id}/members/remove"): {"customer_ids": [1]},
    ("post", "/api/providers"): {"name": "trial", "kind": "simulated", "settings": {"failure_rate": 0.1}},
    ("put", "/api/routes"): {"channel": "sms", "providers": [{"name": "trial"}]},
    ("post", "/api/webhooks"): {"url": "https://shop.example.com/hooks", "events": ["campaign.completed"]},
    ("post", "/api/suppressions"): {"phone": "691 234 5678", "reason": "replied STOP"},
}
