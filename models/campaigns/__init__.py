"""Campaigns: the row, and every statement that writes, moves, prepares or approves one."""
