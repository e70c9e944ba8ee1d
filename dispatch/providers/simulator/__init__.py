"""The simulated provider, in process and over HTTP, with the same decisions."""
