"""Text in: files, folders and catalog entries become one array of small integers.

The way of a text: ``readers`` turn bytes into chunks of characters, ``cleaning`` passes over the
chunks, ``encoder`` turns them into ids, and ``corpus`` holds the result. ``catalog`` knows the texts
at hand and resolves what a user typed. At no time is the whole text in memory as a string.
"""
