"""When a recipient may be messaged, by the clock on that person's wall; pure functions without a clock of their own."""
