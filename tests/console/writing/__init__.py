"""The form in which campaigns are written."""
