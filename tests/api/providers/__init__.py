"""Providers and routes over HTTP."""
