"""Accounts, their keys and credits, and the audit trail."""
