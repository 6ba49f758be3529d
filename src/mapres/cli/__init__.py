"""The command line: a module for each subcommand, and what they share.

Only ``__main__`` uses it: `validate`, `local`, `fsc`, `arguments` and `terminal`.
"""
