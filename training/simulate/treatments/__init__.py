"""What is done to a reconstruction before a user opens it: weights, filters and masks.

Others use `draw_treatment`, `deposit`, `treatment`, `weights` and `processed`.
"""
