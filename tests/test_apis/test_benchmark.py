"""Timing the training step, and its memory."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmgentransfer.apis import load_config
from mmgentransfer.apis.bare_passes import bare_passes
from mmgentransfer.apis.benchmark import StepTiming, benchmark_step

ROOT = Path(__file__).parents[2]
SMALL = {'model.networks.critic.dim': 2, 'train_dataloader.batch_size': 6}


def test_every_stage_is_timed(tmp_path):
    """The sources of the networks are not read: there are none."""
    options = {**SMALL, 'model.networks.generators.0.dim': 2}
    options |= {f'model.networks.{name}.init_cfg.checkpoint': 'nowhere' for name in ('critic', 'generators.0')}
    mining, tuning = benchmark_step(load_config(ROOT / 'configs/minegan/digits.py', options), iters=3, device='cpu')
    assert [mining.stage, tuning.stage] == ['mine', 'finetune']
    for timing in (mining, tuning):
        assert (len(timing.steps), len(timing.bares)) == (3, 3)
        assert sorted(timing.steps)[1] == timing.step
        assert timing.preprocessing < timing.step
        assert timing.resting < timing.peak
    assert tuning.resting > mining.resting, "the optimiser's state of the generator"


def test_the_ratio_is_that_of_neighbours():
    """A load that comes and goes in the middle of the measurement leaves it alone."""
    timing = StepTiming('train', 2.0, 2.0, 0.0, 0.0, 0, 0, steps=[1.0, 4.0, 1.1], bares=[1.0, 4.0, 1.0])
    assert timing.ratio == 1.0


# ------------------------------------------------------------------------------------------------- the bare passes


def with_classes(config, projection):
    networks = config['networks']
    if projection:
        networks['generator'] = dict(type='MLPGenerator', dims=[8, 64], image_size=8, num_classes=4)
        networks['critic'] = dict(type='MLPCritic', dims=[64, 1], image_size=8, num_classes=4)
        return config
    networks['generator'].update(num_classes=4, cond_mode='bnorm')
    networks['critic'].update(num_classes=4)
    for name in ('critic_class', 'generator_class'):
        config['losses'][name] = dict(type='AuxiliaryClassifierLoss', on_fake=name == 'critic_class')
    return config


def several(config, **options):
    networks = config['networks']
    networks.update(generators=networks['generators'] * 3, miners=networks['miners'] * 3)
    return config | options


def family(config):
    generator = dict(type='MLPGenerator', dims=[32, 64], image_size=8, num_classes=4)
    networks = config['networks']
    networks.update(
        generators=dict(type='OneHotGeneratorFamily', generator=generator),
        miners=networks['miners'] * 4,
        critic=dict(type='MLPCritic', dims=[64, 1], image_size=8),
    )
    return config


def conditional_miner(config):
    size = dict(image_size=32, base_channels=4, num_classes=10)
    miner = dict(type='MLPMiner', dims=[6, 16]), dict(type='MLPMiner', dims=[6, 8])
    config['networks'] = dict(
        generators=[dict(type='BigGANGenerator', noise_size=16, embedding_size=8, **size)],
        miners=[dict(type='ConditionalMiner', miner_z=miner[0], miner_c=miner[1])],
        critic=dict(type='BigGANDiscriminator', projection=False, **size),
    )
    config['losses'] = dict(adversarial=dict(type='HingeLoss'), drift=dict(type='DriftPenalty'))
    return config


CASES = dict(
    TransferGAN=lambda configs: configs['TransferGAN'](n_critic=2, width=2),
    class_head=lambda configs: with_classes(configs['TransferGAN'](width=2), projection=False),
    labels=lambda configs: with_classes(configs['TransferGAN'](width=2), projection=True),
    one=lambda configs: configs['MineGAN'](n_critic=2, width=2),
    several=lambda configs: several(configs['MineGAN'](width=2)),
    mean=lambda configs: several(configs['MineGAN'](width=2), reduction='mean'),
    family=lambda configs: family(configs['MineGAN'](width=2)),
    conditional_miner=lambda configs: conditional_miner(configs['MineGAN'](width=2)),
)


@pytest.fixture
def passes_of(build_game, build_wrappers):
    """Makes a model in a stage, its optimisers, a batch, and a counter of the images that its networks take."""

    def make(config, stage):
        model = build_game(config)
        model.enter_stage(stage)
        side = model.critic.image_size
        batch = dict(images=torch.randint(256, (8, model.critic.in_channels, side, side), dtype=torch.uint8))
        if model.num_classes:
            batch['labels'] = torch.randint(model.num_classes, (8,))
        seen = []
        family = getattr(model, 'generators', None)
        for name, network in model.named_modules():
            if name == 'critic' or network in (getattr(family, 'generator', None), getattr(model, 'generator', None)):
                network.register_forward_hook(lambda m, i, o, name=name: seen.append((name, len(i[0]), _graph(o))))
            elif isinstance(family, torch.nn.ModuleList) and network in list(family):
                network.register_forward_hook(lambda m, i, o: seen.append(('generators', len(i[0]), _graph(o))))
        return model, build_wrappers(model), batch, seen

    return make


def _graph(output):
    return (output[0] if isinstance(output, tuple) else output).grad_fn is not None


@pytest.mark.parametrize('stage', [0, 1])
@pytest.mark.parametrize('name', list(CASES))
def test_the_step_and_the_bare_passes_do_the_same_work(name, stage, passes_of, game_configs, state_of, changed):
    """As many images go through each network, with and without graph, and the same weights move."""
    config = CASES[name](game_configs)
    if stage >= len(config.get('stages', [None])):
        stage = 0
    totals, moved = [], []
    for bare in (False, True):
        model, wrappers, batch, seen = passes_of(copy.deepcopy(config), stage)
        before = state_of(model)
        if bare:
            data = model.data_preprocessor(batch)
            optimizers = {player: wrapper.optimizer for player, wrapper in wrappers.items()}
            bare_passes(model, optimizers, data, amp=False).run()
        else:
            model.train_step(batch, wrappers)
        counts: dict = {}
        for network, num, graph in seen:
            counts[network, graph] = counts.get((network, graph), 0) + num
        totals.append(counts)
        moved.append({key for key in changed(model, before) if not key.startswith(('selector', 'miners'))})
    assert totals[0] == totals[1]
    assert any(key == ('critic', True) for key in totals[0])
    assert {key.split('.')[0] for key in moved[0]} == {key.split('.')[0] for key in moved[1]}


# ------------------------------------------------------------------------------------------------- what is refused


def test_what_is_no_gan_is_refused():
    with pytest.raises(ValueError, match='not ImageClassifier'):
        benchmark_step(load_config(ROOT / 'configs/classifiers/digits_28.py'), iters=1, device='cpu')


def test_mixed_precision_needs_an_accelerator():
    with pytest.raises(ValueError, match='needs an accelerator'):
        benchmark_step(load_config(ROOT / 'configs/minegan/digits.py'), iters=1, amp=True, device='cpu')


def test_a_batch_that_can_not_be_split():
    cfg: Config = load_config(ROOT / 'configs/minegan/digits.py', SMALL)
    with pytest.raises(ValueError, match=r'--batch-size 7 can not be split into the 3 updates .* multiple of 3'):
        benchmark_step(cfg, iters=1, batch_size=7, device='cpu')
