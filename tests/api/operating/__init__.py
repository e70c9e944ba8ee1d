"""What operators and owners look at over HTTP."""
