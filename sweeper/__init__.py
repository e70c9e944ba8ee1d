"""The door for time: books the sweep, runs it, and looks for lost work."""
