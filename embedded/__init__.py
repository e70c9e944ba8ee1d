"""Real servers and every process of the product on one machine, for `up`, the demo, tests and benchmarks."""
