"""Sending: batches claimed, called, recorded, closed."""
