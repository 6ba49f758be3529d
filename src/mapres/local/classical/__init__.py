"""Local resolution by the methods of other programs, implemented from their papers.

Others use `monores`, `blocres` and `resmap`; the rest is private.
"""
