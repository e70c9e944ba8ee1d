"""Webhooks: what is an event, how it is signed and sent, and what becomes of a receiver that does not take it."""
