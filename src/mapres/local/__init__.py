"""How good a map is from place to place: local resolution by any of a table of methods.

Others use `resolution`, `methods` (the table), `method` (what one is), and of single methods
`network` and `unet`; the methods of other programs are in `classical`.
"""
