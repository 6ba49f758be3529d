"""What the networks of Avramov et al. 2019 (Molecules 24, 1181) are, trained as published.

The folders below use `fitting`; others use only what those folders name.
"""
