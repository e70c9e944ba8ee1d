"""`/metrics`: who may read it, what it says, and that Prometheus' own tools find nothing wrong with it."""
