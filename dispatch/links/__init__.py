"""Short links in texts: what their codes name, where they lead, and what opening them does."""
