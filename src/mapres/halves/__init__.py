"""What two half maps show of themselves, whatever they are the halves of.

Others use `power` (where filters end it), `masking` (parts without noise), `solvent` (noise that
they share), `orientation` (one mirrored or turned), `registration` and `curves` (of their FSC).
"""
