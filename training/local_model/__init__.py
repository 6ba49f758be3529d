"""What the networks of local resolution learn from, and how.

Subcommands use `cells`, `fit_local` and `export_local`; the rest is private.
"""
