"""Customers, their lists, imports and suppressions."""
