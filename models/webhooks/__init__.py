"""Webhooks: where accounts are told, the events, their deliveries, and what of messages has been told."""
