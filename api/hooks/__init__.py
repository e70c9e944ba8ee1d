"""The addresses that providers call."""
