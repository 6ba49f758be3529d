"""The tables and figures of Avramov et al. 2019, made anew.

Others use `reproduce`, `reproduce_local` and `confusion`.
"""
