"""Receipts: who may send them, and that they move messages forward only, once, and in whatever order they come."""
