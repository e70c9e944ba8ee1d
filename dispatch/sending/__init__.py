"""Sending: claiming batches, calling the provider, recording outcomes, closing campaigns."""
