"""Short links: what their codes name, and what opening them does."""
