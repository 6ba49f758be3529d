"""What the paper's two classifiers of global resolution are, and what they learn from.

Others use `paper_maps`, `fit_dnn`, `fit_cnn` and `export_classifiers`; the rest is private.
"""
