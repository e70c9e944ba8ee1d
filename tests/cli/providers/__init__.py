"""`provider` and `route` on the command line."""
