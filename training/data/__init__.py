"""Where molecules and published maps come from.

Others use `structures`, `published`, `entries` and `fetch`; `resume` is private, `protein_spectrum`
made a constant of the core.
"""
