"""Campaigns as people work with them: writing, scheduling, stopping, approving, previewing and reading them."""
