"""What providers post to us, through the addresses that they were given."""
