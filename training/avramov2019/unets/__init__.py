"""What the paper's U-Nets of local resolution are, and what they learn from.

Others use `label`, `cubes`, `cube_files`, `fit_unet` and `export_unet`; `unet` is private.
"""
