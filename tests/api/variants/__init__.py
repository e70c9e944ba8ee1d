"""Campaigns that compare several texts, over HTTP."""
