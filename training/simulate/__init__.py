"""How a map is simulated of which the true local resolution is known.

Others use `examples`, `draw`, `recipe`, `atoms`, `deposit`, `decoys` and `demo_pair`.
"""
