"""Timing the training step of translators."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmnets_toys import aligned_samples, mmnets_config, sets_batch
from translator_toys import (
    build,
    colours_config,
    cross_modal_stargan_config,
    cyclegan_config,
    noise_images,
    optimizers,
    pix2pix_config,
    stargan_config,
)

from mmgentransfer.apis import load_config
from mmgentransfer.apis.bare_passes import bare_passes
from mmgentransfer.apis.benchmark import benchmark_step

CONFIGS = Path(__file__).parents[2] / 'configs'


def silent(config):
    """Without noise, so that nothing in the step is random."""
    stages = [dict(stage, settings=dict(noise=0.0)) for stage in config['stages']]
    return config | dict(stages=stages)


def labelled():
    return noise_images('images', num=4) | dict(labels=torch.arange(4) % 3)


# config, batch, stages, and whether the step holds no random number
CASES = dict(
    mmnets=(lambda: silent(mmnets_config()), sets_batch, 3, True),
    mmnets_noise=(mmnets_config, sets_batch, 3, False),
    cyclegan=(cyclegan_config, lambda: aligned_samples(3, ('depth', 'segmentation')), 1, True),
    colours=(colours_config, lambda: noise_images('blue', 'red', 'green'), 1, False),
    two_colours=(lambda: colours_config(('blue', 'red')), lambda: noise_images('blue', 'red'), 1, True),
    pix2pix=(pix2pix_config, sets_batch, 1, False),
    stargan=(stargan_config, labelled, 1, False),
)


def watched(model):
    """Notes for every network's pass how many images go in, and whether it has a graph."""
    counts = {}

    def note(name):
        def hook(module, inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            key = name, output.grad_fn is not None, module.training
            counts[key] = counts.get(key, 0) + len(output)

        return hook

    for name in model._expand(model.network_names):
        model.get_submodule(name).register_forward_hook(note(name))
    return counts


@pytest.mark.parametrize(
    ('case', 'stage'), [(case, stage) for case, (_, _, num, _) in CASES.items() for stage in range(num)]
)
def test_the_step_and_the_bare_passes_do_the_same_work(case, stage):
    """As many images through each network, with and without graph; the same weights, if no random number is drawn."""
    config, batch, _, repeatable = CASES[case]
    if case == 'stargan':
        config = lambda: stargan_config(moves=[dict(player='critic', repeat=2), dict(player='generator')])  # noqa: E731
    totals, states = [], []
    for bare in (False, True):
        model = build(config())
        model.enter_stage(stage)
        wrappers, counts = optimizers(model), watched(model)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        if bare:
            data = model.data_preprocessor(batch())
            passes = bare_passes(model, {player: w.optimizer for player, w in wrappers.items()}, data, amp=False)
            for _ in range(2):  # the second without those moves that are made every other time
                passes.run()
        else:
            for iteration in range(2):
                model.train_step(batch(), wrappers, iteration)
        totals.append(counts)
        states.append({name: p.detach() for name, p in model.named_parameters()})
        assert any(not torch.equal(before[name], p) for name, p in states[-1].items())
    assert totals[0] == totals[1]
    if repeatable:
        for name, value in states[0].items():
            torch.testing.assert_close(value, states[1][name], rtol=0, atol=1e-6, msg=name)


@pytest.mark.parametrize('name', ['mmnets/toy_scenes', 'mmnets/toy_colors', 'mmnets/toy_scenes_pix2pix'])
def test_shipped_configs_are_timed(name):
    timings = benchmark_step(load_config(CONFIGS / f'{name}.py'), iters=1, batch_size=2, device='cpu')
    for timing in timings:
        assert 0 < timing.optimiser < timing.step
        assert timing.resting < timing.peak


def test_a_method_without_bare_passes_is_refused():
    with pytest.raises(ValueError, match='not CrossModalStarGAN'):
        bare_passes(build(cross_modal_stargan_config()), {}, {}, amp=False)
