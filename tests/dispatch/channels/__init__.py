"""Providers of accounts and their routes: stored, tried, removed, and followed by what is sent."""
