"""Large arrays in little time and memory: on several cores, and only where values are needed.

Others use `separable`, `nearby`, `percentile`, `interpolate`, `edges` and `rim`.
"""
