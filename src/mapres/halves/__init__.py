"""What two half maps show of themselves, whatever they are the halves of.

Others use `power` (where filters end it), `masking` (parts without noise), `solvent` and
`mask_noise` (noise in common), `registration` and `orientation` (one moved or turned), `shells` and
`curves` (FSC).
"""
