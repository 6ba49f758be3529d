"""Local resolution as other programs measure it, written from their papers.

Others use `monores`, `blocres` and `resmap`; what these are made of is private.
"""
