"""What the deployment tells Prometheus (docs/metrics.md): what its processes count, and what its servers know."""
