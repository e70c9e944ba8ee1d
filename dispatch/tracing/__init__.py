"""Which trace a piece of work belongs to: W3C Trace Context, with or without OpenTelemetry (docs/traces.md)."""
