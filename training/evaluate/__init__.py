"""How good the networks are: every table and figure of ``training/results``.

Subcommands use one function of each module; `paper` uses `tables`, `figures` and `real_local`,
nothing else imports from here.
"""
