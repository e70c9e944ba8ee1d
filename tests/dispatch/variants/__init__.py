"""Campaigns that compare several texts."""
