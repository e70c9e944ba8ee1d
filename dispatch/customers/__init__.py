"""Customers, their lists, the numbers that must not be messaged, and the files of all three."""
