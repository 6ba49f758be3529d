"""How any network is trained in pieces, written as ONNX and shipped with its card.

Others use all of it: `begin`, `loop`, `schedule`, `state`, `curve`, `adamw`, `to_onnx`, `coverage`
and `ship`.
"""
