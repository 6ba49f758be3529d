"""Which networks there are, and how one of them is asked: cards, weights, ONNX Runtime, devices.

Others use `registry` (`load`, `available`, `chosen`, `Model`, `Calibration`) and `session.DEVICES`;
what may be in a card or a graph, and what each kind of network sees, is this folder's own.
"""
