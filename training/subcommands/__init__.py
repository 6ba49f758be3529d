"""The subcommands of ``python -m training``: their options, and what each runs."""

from pathlib import Path

DATA = Path("../shared/data")
CACHE = Path("cache")
RECONSTRUCTIONS = CACHE / "reconstructions"
RESULTS = Path("training/results")
MODELS = Path("src/mapres/networks/weights")
