"""The command line: one module per subcommand, and shared code.

Only ``__main__`` uses it: `validate`, `local`, `fsc`, `arguments` and `terminal`.
"""
