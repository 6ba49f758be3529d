"""Everything that made the shipped models: structures, simulation, networks, evaluation."""

from mapres.threads import keep_blas_to_one

# Here, because every module of training imports NumPy.
keep_blas_to_one()
