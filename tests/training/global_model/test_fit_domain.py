"""The domain is fitted to training maps; held-out maps like them are within its limit."""

import numpy as np

from mapres.networks.domain import POINTS, domain_of
from training.global_model.domain import AXES, fit_domain


def test_maps_of_the_same_kind_are_within_and_others_are_not():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((POINTS, AXES)))[0].T

    def profiles(count):
        noise = 0.01 * rng.standard_normal((count, POINTS))
        return (rng.standard_normal((count, AXES)) @ axes + noise).astype(np.float32)

    domain = domain_of(fit_domain(profiles(500), profiles(200), profiles(100)))
    assert np.mean([domain.distance(each) <= 1 for each in profiles(200)]) > 0.95
    other = rng.standard_normal((20, POINTS)).astype(np.float32)
    assert min(domain.distance(each) for each in other) > 10
