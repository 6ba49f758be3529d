"""What the header of a map's file says, and what its data say against it.

Others use `reading` (a header in the right byte order), `geometry` (axes, voxel size, origin),
`numbers` (the type of the data), `sections` (volumes and stacks of images) and `spectrum` (the
voxel size of a protein).
"""
