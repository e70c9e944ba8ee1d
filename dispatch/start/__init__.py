"""Starting campaigns: the one road, and everyone who takes it."""
