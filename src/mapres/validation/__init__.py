"""How good a map is as a whole: its class, its resolution in Å, and whether a claim holds.

Others use `validate`, `verdict`, `prediction` and `pooling`.
"""
