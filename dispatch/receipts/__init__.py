"""What providers tell us: what became of messages."""
