"""From bytes to chunks of characters: one reader a format, and what all of them ask of a file first."""
