"""How good the networks are: every table and figure of ``training/results``.

Subcommands use one function of each module; `paper` uses `tables` and `figures`, nothing else
imports from here.
"""
