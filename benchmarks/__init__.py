"""Measurements behind every claim about speed; README.md says what they mean."""
