"""Masks that users give, with their levels and whether they fit the map; constant rims of maps.

Others use `given` and `rim`.
"""
