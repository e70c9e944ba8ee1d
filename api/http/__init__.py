"""What surrounds a route: keys, limits, idempotency, errors, connections, the document."""
