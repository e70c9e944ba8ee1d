"""`/metrics`, and what it counts of requests."""
