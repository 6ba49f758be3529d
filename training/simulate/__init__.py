"""How a map is simulated of which the true local resolution is known.

Others use `examples`, `draw`, `recipe`, `atoms`, `bank`, `reconstruct`, `masks`, `local_truth`,
`decoys`, `half_map_faults` and `demo_pair`.
"""
