"""Approvals are a second person's, and cover what that person has read."""
