"""What metrics say of the tables."""
