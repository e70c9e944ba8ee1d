"""The simulated provider: one set of decisions, in process and over HTTP."""
