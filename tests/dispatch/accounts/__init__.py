"""Accounts: what they may have, and what of that is used."""
