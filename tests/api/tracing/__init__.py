"""The trace that a request belongs to."""
