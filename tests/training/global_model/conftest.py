"""A few labeled patches, stored."""

import pytest

from training.global_model.shards import write_shard
from training.simulate.examples import examples


@pytest.fixture(scope="session")
def shards(packed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    # Of small boxes, 30³ to 52³.
    write_shard(examples(packed, "train", 38, 4), folder / "train-000")
    write_shard(examples(packed, "validation", 20, 2), folder / "validation-000")
    return folder
