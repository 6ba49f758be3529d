"""What two half maps show of themselves, whatever they are the halves of.

Others use `power` (where filters end it), `rim` and `masking` (parts without noise), `solvent` (noise in
common), `orientation` (one mirrored or turned), `shells` and `curves` (FSC) and `mask_noise`.
"""
