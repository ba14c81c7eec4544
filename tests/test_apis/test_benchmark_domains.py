"""Timing the training step of the methods that translate images between domains."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import domain_baseline_toys
import drit_toys
import pytest
import sdit_toys
import torch
import transferi2i_toys
import udit_toys
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from translator_toys import build

from mmgentransfer.apis import load_config
from mmgentransfer.apis.bare_passes import bare_passes
from mmgentransfer.apis.benchmark import benchmark_step
from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.step_random import StepRandom

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.fixture(autouse=True)
def _the_same_random_numbers(monkeypatch):
    """Random numbers follow from their shape alone, so that two computations of the same update have the same ones."""

    def drawn(draw):
        return lambda self, num, *shape: draw(num, *shape, generator=torch.Generator().manual_seed(num + sum(shape)))

    monkeypatch.setattr(StepRandom, 'normal', drawn(torch.randn))
    monkeypatch.setattr(StepRandom, 'uniform', drawn(torch.rand))
    monkeypatch.setattr(StepRandom, 'integers', lambda self, high, num: (torch.arange(num) * 7 + 1) % high)
    monkeypatch.setattr(StepRandom, 'share', lambda self: 0.25)


def munit(family: str = 'munit', kind: str = 'MUNIT', more: dict | None = None, **options: Any) -> dict[str, Any]:
    return dict(
        type=kind,
        domains=udit_toys.DOMAINS,
        networks=udit_toys.networks(4, family),
        losses=udit_toys.losses(**more or {}),
        moves=[dict(player='discriminator'), dict(player='generator')],
        **options,
    )


CONSTRAINT = udit_toys.constraint(feature_scale=0.5)
ONE_WAY = udit_toys.constraint(feature_scale=0.5, directions=['flat_to_textured'])
CYCLE = dict(type='L1Loss', loss_weight=10)


def without(config: dict[str, Any], **sections: list[str]) -> dict[str, Any]:
    """A config without some keys of a section."""
    config = copy.deepcopy(config)
    for section, names in sections.items():
        for name in names:
            del config[section][name]
    return config


def i2i(config: dict[str, Any], **losses: dict) -> dict[str, Any]:
    return config | dict(losses=config['losses'] | losses)


GP = dict(type='GradientPenalty')
REPEATED = [dict(player='discriminator', repeat=2), dict(player='generator', accumulate=2)]
# config, and the stages that are run
CASES = {
    **{
        f'sdit_{name}': (sdit_toys.sdit_config(**sdit_toys.VARIANTS[name]), [0])
        for name in ('full', 'stargan', 'resample', 'generator_only', 'attributes', 'five_steps', 'no_latent', 'gate')
    },
    'munit': (munit(), [0]),
    'munit_cycle': (munit(more=dict(cycle=CYCLE), detach_content_target=True), [0]),
    'munit_without_reconstruction': (
        munit(stages=[dict(name='a', loss_weights=dict(reconstruction=0, content=0))]),
        [0],
    ),
    'udit': (munit(kind='UDIT', more=dict(semantic=CONSTRAINT)), [0]),
    'udit_one_way_pool_index': (munit('pool_index', 'UDIT', dict(semantic=ONE_WAY, cycle=CYCLE)), [0]),
    'transferi2i_biggan': (transferi2i_toys.biggan_config(width=4), [0, 1, 2]),
    'transferi2i_repeated': (i2i(transferi2i_toys.biggan_config(width=4, moves=REPEATED), gradient_penalty=GP), [0, 2]),
    'transferi2i_noise': (transferi2i_toys.biggan_config(width=4, aux_same_noise=False), [2]),
    'transferi2i_stylegan': (transferi2i_toys.stylegan_config(width=4), [0, 1, 2]),
    'transferi2i_cross': (
        without(transferi2i_toys.stylegan_config(width=4, gan_pair='cross'), networks=['aux_generator']),
        [1, 2],
    ),
    'cut': (domain_baseline_toys.cut_config(), [0]),
    'cut_fast': (domain_baseline_toys.cut_config(identity=False, flip_equivariance=True), [0]),
    'nicegan': (domain_baseline_toys.nicegan_config(), [0]),
    'nicegan_without_reconstruction': (
        without(domain_baseline_toys.nicegan_config(), losses=['reconstruction']),
        [0],
    ),
    'starganv2': (domain_baseline_toys.starganv2_config(), [0]),
    'starganv2_plain': (without(domain_baseline_toys.starganv2_config(), losses=['r1', 'diversity']), [0]),
    'drit': (drit_toys.drit_config(), [0]),
    'icgan': (drit_toys.icgan_config(), [0, 1]),
    'icgan_attributes': (drit_toys.icgan_config(exclusive=False, mismatch=0.5), [0]),
    'drit_seeking': (drit_toys.drit_config(concat=False, mode_seeking=True), [0]),
}


def batch_of(model: AdversarialModel) -> dict[str, torch.Tensor]:
    judge = next(getattr(model, name) for name in ('discriminator', 'discriminators') if hasattr(model, name))
    side = getattr(judge, 'image_size', 32 if type(model).__name__ in ('CUT', 'NICEGAN') else 16)
    num = max(4, 2 * model.num_chunks)
    generator = torch.Generator().manual_seed(1)
    labelled = getattr(model, 'two_class', len(model.domains) == 2) is False
    batch = {
        name: torch.randint(256, (num, 3, side, side), dtype=torch.uint8, generator=generator)
        for name in (['images', 'sources', 'references', 'other_references'] if labelled else model.domains)
    }
    if labelled:
        batch['labels'] = torch.arange(num) % len(model.domains)
        batch['reference_labels'] = (torch.arange(num) + 1) % len(model.domains)
        if not model.exclusive:
            batch['labels'] = (torch.arange(num * len(model.domains)) % 3 % 2).view(num, -1)
    return batch


class Operations(TorchDispatchMode):
    """Counts the floating-point operations of products and convolutions, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.total += count(*args, **(kwargs or {}), out_val=output)
        return output


def calls_of(model: AdversarialModel) -> dict[tuple[str, bool, bool], int]:
    """Counts the images that go through each layer, with and without graph, in training mode or not."""
    counts: dict[tuple[str, bool, bool], int] = {}

    def note(name: str):
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                key = name, output.grad_fn is not None, module.training
                counts[key] = counts.get(key, 0) + len(output)

        return hook

    for name, module in model.named_modules():
        if name.split('.')[0] in model.network_names and not list(module.children()):
            module.register_forward_hook(note(name))
    return counts


@pytest.mark.parametrize(('case', 'stage'), [(case, stage) for case, (_, stages) in CASES.items() for stage in stages])
def test_the_step_and_the_bare_passes_are_the_same_computation(case, stage):
    """They end with the same weights, after as many images through each layer and as many operations."""
    states, totals, operations = [], [], []
    for bare in (False, True):
        model = build(copy.deepcopy(CASES[case][0]))
        model.enter_stage(stage)
        model.begin_stage()
        wrappers = PlayerOptimWrappers({player: dict(optimizer=dict(type='SGD', lr=0.05)) for player in model.players})(
            model
        )
        before = copy.deepcopy(model.state_dict())
        counts, batch = calls_of(model), batch_of(model)
        with Operations() as flops:
            if bare:
                data = model.data_preprocessor(batch)
                bare_passes(model, {player: w.optimizer for player, w in wrappers.items()}, data, amp=False).run()
            elif model.stage.data:
                model.train_step(batch, wrappers)
            else:
                model.train_step(None, wrappers, batch_size=len(next(iter(batch.values()))))
        states.append(model.state_dict())
        totals.append(counts)
        operations.append(flops.total)
        assert any(not torch.equal(before[name], value) for name, value in states[-1].items())
    assert totals[0] == totals[1]
    assert operations[0] == operations[1] > 0
    for name, value in states[0].items():
        # CUT's features are small and their gradients large, so that a bias in front of a norm is rounded by 1e-6
        torch.testing.assert_close(value, states[1][name], rtol=1e-4, atol=5e-6, equal_nan=True, msg=name)


SMALL = {
    'sdit/toy16_sdit': dict(base_channels=4),
    'transferi2i/toy_biggan_shapes-16x16': dict(base_channels=4),
    'transferi2i/toy_stylegan_disc2square-32x32': dict(base_channels=32, max_channels=4),
    'udit/toy_handbags_color': {},
    'baselines/starganv2_toy_disc2square': dict(base_channels=4, max_channels=8),
    'baselines/icgan_toy': dict(base_channels=4),
}


@pytest.mark.parametrize('name', list(SMALL))
def test_shipped_configs_are_timed(name):
    """Without the weights that they start from, and without those of the constraint's extractor."""
    cfg = load_config(CONFIGS / f'{name}.py')
    for network in (key for key in cfg.model.networks if key.endswith(('generator', 'discriminator'))):
        if network != 'aux_generator':
            cfg.model.networks[network].update(SMALL[name])
    timings = benchmark_step(cfg, iters=1, batch_size=2, device='cpu')
    assert len(timings) == len(cfg.model.get('stages', [0]))
    for timing in timings:
        assert 0 < timing.optimiser < timing.step
        assert timing.resting < timing.peak
