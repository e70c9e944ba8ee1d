"""Texts: templates, their checks and filters, and how many SMS segments a text takes."""
