"""Campaigns as people work with them: written, moved, approved, previewed and read."""
