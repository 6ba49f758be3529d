"""Use of results: comparison, regions, residues, text, JSON and figures.

Others use all of it: `compare`, `resample`, `regions`, `residues`, `text`, `validation_report`,
`local_report`, `fsc_report`, `figures`, `fsc_figure` and `drawing`.
"""
