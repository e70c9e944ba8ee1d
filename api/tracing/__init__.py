"""The trace that a request belongs to (docs/traces.md)."""
