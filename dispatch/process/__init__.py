"""What every worker and sweeper process shares."""
