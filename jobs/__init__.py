"""RQ jobs, the workers that run them, and the supervisor that keeps the workers running."""
