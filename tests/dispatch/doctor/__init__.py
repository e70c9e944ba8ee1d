"""Each reason of `doctor`, brought about by what causes it, and how much it costs to look."""
