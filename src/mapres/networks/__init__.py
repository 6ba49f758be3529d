"""Which networks there are, and how one of them is asked: cards, weights, ONNX Runtime, devices.

Others use `registry` (`load`, `available`, `chosen`, `Model`), `card.Calibration`, the devices of
`session`, and `avramov2019`; what may be in a card or a graph is this folder's own.
"""
