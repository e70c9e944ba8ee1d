"""The story of one message, from the rows: what happened to it, in order, and where the logs say more."""
