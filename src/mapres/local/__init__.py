"""Local resolution of a map, by any of a table of methods.

Others use `resolution`, `methods` (the table), `method` (their types), and of single methods
`network` and `unet`; the methods of other programs are in `classical`.
"""
