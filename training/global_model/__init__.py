"""What the default network, of a map's global resolution, learns from, and how.

Others use `shards`, `network`, `fit`, `fit_head`, `export` and `soft_targets`; the rest is private.
"""
