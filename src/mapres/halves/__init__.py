"""What two half maps show of themselves, whatever they are the halves of.

Others use `power` (where filters end it), `masking` (parts without noise), `solvent` (noise in
common), `orientation` (one mirrored or turned), `curves` (of their FSC) and `mask_noise`.
"""
