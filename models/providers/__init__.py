"""Whom messages are sent through: providers and their routes."""
