"""Sends a campaign over HTTP, from a CSV file of customers to the results. Python's standard library is enough.

python -m cli account create Acme --country GR
python -m cli credits topup --account Acme --amount 10000
python -m cli key create --account Acme                  # prints the key, this once
API_KEY=… python examples/send_campaign.py examples/customers.csv 'Hi {first_name}!'
"""

import json
import os
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

URL = os.environ.get("CAMPAIGN_DISPATCH_URL", "http://127.0.0.1:8000")
MAX_ATTEMPTS = 5


def call(method: str, path: str, body: dict[str, Any] | bytes | None = None) -> dict[str, Any]:
    """Sends a request and returns the answer; after 429 and 503 it waits as long as the server says and tries again.

    The Idempotency-Key makes that safe: however often it is sent, a POST has one effect.
    """
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}", "Idempotency-Key": uuid4().hex}
    headers["Content-Type"] = "text/csv" if isinstance(body, bytes) else "application/json"
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    attempts = 0
    while True:
        attempts += 1
        try:
            with urlopen(Request(URL + path, data, headers, method=method), timeout=30) as answer:
                return json.load(answer)
        except HTTPError as problem:
            error = json.load(problem)["error"]
            if problem.code not in (429, 503) or attempts == MAX_ATTEMPTS:
                sys.exit(f"{error['code']}: {error['message']}")
            time.sleep(float(problem.headers["Retry-After"]))


def follow(path: str, *final: str) -> dict[str, Any]:
    """Reads the resource once a second until its status is one of these, and returns it."""
    while (found := call("GET", path))["status"] not in final:
        time.sleep(1)
    return found


def main(file: str, text: str) -> None:
    """Imports the file, sends the text to everyone in it, and prints what became of it."""
    with open(file, "rb") as customers:
        started = call("POST", f"/api/imports?{urlencode({'list': 'example'})}", customers.read())
    imported = follow(f"/api/imports/{started['id']}", "done", "failed")
    if imported["error"]:
        sys.exit(imported["error"])
    counted = ("updated", "repeated", "rejected")
    print(f"customers: {imported['imported']} new, " + ", ".join(f"{imported[each]} {each}" for each in counted))

    campaign = call(
        "POST", "/api/campaigns", {"name": "Example", "base_template": text, "list_id": imported["list_id"]}
    )
    queued = call("POST", f"/api/campaigns/{campaign['id']}/enqueue")["queued"]
    print(f"campaign {campaign['id']}: {queued} messages")

    # A campaign is paused when the provider refuses the account; a person has to resume it.
    ended = follow(f"/api/campaigns/{campaign['id']}", "completed", "cancelled", "failed", "paused")
    print(f"{ended['status']}:", ", ".join(f"{n} {state}" for state, n in ended["stats"].items() if n))
    for trouble in call("GET", f"/api/campaigns/{campaign['id']}/errors")["data"]:
        print(f"  {trouble['messages']} {trouble['state']}: {trouble['reason']} {trouble['error_code'] or ''}")


if __name__ == "__main__":
    main(*sys.argv[1:])
