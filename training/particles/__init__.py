"""Our own laboratory: how a map comes out if particles of known molecules are reconstructed.

Particles of flexible molecules are projected, and RELION reconstructs and post-processes them.
Nothing is ever trained on these maps. Others use `sets`; the rest is private.
"""
