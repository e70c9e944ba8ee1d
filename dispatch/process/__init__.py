"""What workers, the sweeper and their supervisor have in common."""
