"""The command line: one module per subcommand, and shared code.

Only ``__main__`` uses it: `validate`, `local`, `fsc`, `arguments` and `terminal`.
"""

from ..threads import keep_blas_to_one

# Here, because the modules of this folder import NumPy.
keep_blas_to_one()
