"""Receives webhooks: checks the signature, drops what it knows, prints the rest. Python's standard library is enough.

python -m cli webhook add --account Acme --url https://shop.example.com/hooks     # prints the secret, this once
WEBHOOK_SECRET=whsec_… PORT=8080 python examples/receive_webhooks.py
"""

import base64
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
MAX_BODY_BYTES, TOLERATED_SEC = 1024 * 1024, 300
# A real receiver keeps these in its database, for a few days.
known: set[str] = set()
# Several requests may come at once.
one_at_a_time = Lock()


def is_ours(event_id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Returns whether the request was signed with the secret, within the last five minutes."""
    if not timestamp.isascii() or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERATED_SEC:
        return False
    right = base64.b64encode(hmac.digest(KEY, f"{event_id}.{timestamp}.".encode() + body, "sha256"))
    return any(hmac.compare_digest(each.encode(), b"v1," + right) for each in signatures.split())


class Hooks(BaseHTTPRequestHandler):
    """Answers 204 at once to what is ours, and 401 to anything else."""

    def do_POST(self) -> None:
        body = self.rfile.read(max(0, min(int(self.headers.get("Content-Length", 0)), MAX_BODY_BYTES)))
        named = [self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
        ours = is_ours(*named, body)
        self.send_response(204 if ours else 401)
        self.end_headers()
        if ours:
            with one_at_a_time:
                take(named[0], body)


def take(event_id: str, body: bytes) -> None:
    """Prints an event that is not known yet."""
    if event_id not in known:
        known.add(event_id)
        event = json.loads(body)
        about = [message["id"] for message in event["data"].get("messages", [])] or event["data"].get("campaign_id")
        print(event["type"], about, flush=True)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Hooks).serve_forever()
