"""What a network is given of a map, and the bins in which it answers.

Others use `patches`, `profile`, `spectra`, `outliers` and `distribution` (global), `cells`,
`bands`, `windows`, `apodized` and `relative` (local), and `avramov2019` (the paper's networks).
"""
