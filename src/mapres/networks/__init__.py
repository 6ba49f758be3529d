"""The networks and how they are run: cards, weights, ONNX Runtime, devices.

Others use `registry` (`load`, `chosen`, `Model`), `card` (`Calibration`), `domain` and `session`
(devices); `kinds` and `graph`, which define valid cards and graphs, are for training only.
"""
