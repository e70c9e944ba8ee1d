"""Starting campaigns: the one way to do it, and what uses it."""
