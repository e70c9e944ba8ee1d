"""What operators and owners look at on the command line."""
