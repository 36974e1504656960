"""Measurements: how fast, how smooth, how well it learns; side by side with what one would expect."""
