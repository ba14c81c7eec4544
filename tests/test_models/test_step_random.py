"""Random numbers that follow from counters."""

from __future__ import annotations

import itertools

import pytest
import torch

from mmgentransfer.models.step_random import StepRandom, derive_seed

DRAWS = [('normal', (6, 3)), ('uniform', (6,)), ('integers', (10, 6))]


def draw(random, kind, args, world_size=1):
    if kind == 'integers':
        high, num = args
        return random.integers(high, num // world_size)
    num, *shape = args
    return getattr(random, kind)(num // world_size, *shape)


@pytest.mark.parametrize(('kind', 'args'), DRAWS)
def test_interleaved_shares_are_the_global_draw(kind, args):
    whole = draw(StepRandom(3, 7, 0, 1), kind, args)
    first, second = (draw(StepRandom(3, 7, 0, 1, rank=r, world_size=2), kind, args, world_size=2) for r in (0, 1))
    assert torch.equal(first, whole[0::2])
    assert torch.equal(second, whole[1::2])


@pytest.mark.parametrize(('kind', 'args'), DRAWS)
def test_shares_stay_in_step_over_several_draws(kind, args):
    single, ranks = StepRandom(5), [StepRandom(5, rank=r, world_size=2) for r in (0, 1)]
    for _ in range(3):
        whole = draw(single, kind, args)
        parts = [draw(rank, kind, args, world_size=2) for rank in ranks]
        assert torch.equal(torch.stack(parts, 1).flatten(0, 1), whole)


def test_does_not_depend_on_what_was_drawn_before():
    """A resumed run, which has drawn nothing, gets the numbers of a run that has been going on."""
    expected = StepRandom(0, 41).normal(4, 2)
    torch.manual_seed(123)
    StepRandom(0, 40).normal(100)
    torch.randn(17)
    state = torch.get_rng_state()
    assert torch.equal(StepRandom(0, 41).normal(4, 2), expected)
    assert torch.equal(torch.get_rng_state(), state), 'the global random state must not move'


def test_different_counters_differ():
    counters = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (2**31, 0), (2**32 + 1,), (1, 1)]
    assert len({derive_seed(*c) for c in counters}) == len(counters)
    for a, b in itertools.combinations(counters, 2):
        assert not torch.equal(StepRandom(*a).normal(8), StepRandom(*b).normal(8)), (a, b)


def test_seeds_fit_a_generator():
    seeds = [derive_seed(0, i) for i in range(200)]
    assert len(set(seeds)) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert any(seed >= 2**32 for seed in seeds), 'the upper half must be used'


def test_distributions():
    random = StepRandom(0)
    normal, uniform, integers = random.normal(40_000), random.uniform(40_000), random.integers(4, 40_000)
    # five standard errors of each estimate
    assert abs(normal.mean()) < 0.025
    assert abs(normal.std() - 1) < 0.018
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.0073
    assert integers.dtype == torch.int64
    assert torch.equal(integers.unique(), torch.arange(4))
    assert (torch.bincount(integers) - 10_000).abs().max() < 435
