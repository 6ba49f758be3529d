"""Inputs of the networks, and the resolution bins that they predict.

Others use `patches`, `profile`, `spectra`, `outliers` and `distribution` (global), `cells`,
`energies`, `bands`, `windows`, `apodized` and `relative` (local), and `avramov2019` (the
paper's networks).
"""
