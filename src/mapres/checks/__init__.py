"""What may be wrong with a map, its half maps, a claim or a result: the table of checks.

Others use `check` (`Evidence`, `run_checks`), `table` (`CHECKS`), the groups of rows in `density`,
`limits`, `half_maps` and `local`, and what rows look at: `measurements`, `half_map_measurements`.
"""
