"""Global validation of a map: its class, its resolution in Å, and a verdict on a claim.

Others use `validate`, `result`, `analysis`, `molecule`, `verdict`, `prediction` and `pooling`.
"""
