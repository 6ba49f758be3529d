"""Which networks there are, and how one is run: cards, weights, ONNX Runtime, devices.

Others use `registry` (`load`, `chosen`, `Model`), `card` (`Calibration`) and `session` (devices);
what may be in a card or a graph, `kinds` and `graph`, only what trains and exports networks does.
"""
