"""Measurements, side by side in one run: what is ours against what it is compared with. Nothing here prints."""
