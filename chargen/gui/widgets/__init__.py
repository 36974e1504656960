"""The window's building blocks: one idea a module, no page, no job, no torch.

Each one is reachable by keyboard, has an accessible name, and takes its colours again when the theme
changes. ``focus_ring.install(app)`` draws the focus ring for all of them.
"""
