"""Every config that is shipped: it loads, holds no unknown key, fits its sources, and trains at a tiny size."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from unittest import mock

import pytest
import torch
from imported_sources import imported_source
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from shipped_configs import (
    EXPERIMENTS,
    MOST_PARAMETERS,
    ROOT,
    SWEEPS,
    name_of,
    shrink,
    shrink_networks,
    source_of,
    transfers_in,
)
from torch import nn
from torch.nn.utils import parametrizations

from mmgentransfer.apis import evaluate, load_config, train
from mmgentransfer.apis.checks import check_config
from mmgentransfer.apis.sweep import Sweep, load_sweep
from mmgentransfer.checkpoints import STRATEGIES
from mmgentransfer.engine import PlayerOptimWrappers
from mmgentransfer.registry import HOOKS, MODELS, WEIGHT_INITIALIZERS
from mmgentransfer.visualization import log_spaced

# ---------------------------------------------------------------------- watching a run


def states(model: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    return {name: {k: v.clone() for k, v in model.get_submodule(name).state_dict().items()} for name in members(model)}


def members(model: nn.Module) -> list[str]:
    """The networks by name, those in dicts one by one."""
    found = []
    for name in model.network_names:
        network = getattr(model, name)
        found += [f'{name}.{key}' for key in network] if isinstance(network, nn.ModuleDict) else [name]
    return found


def parameters(model: nn.Module) -> dict[str, list[torch.Tensor]]:
    return {name: [p.detach().clone() for p in model.get_submodule(name).parameters()] for name in members(model)}


@HOOKS.register_module(force=True)
class NetworkWatch(Hook):
    """Keeps the first weights, and for each iteration what was trained, what changed, and the losses."""

    latest: NetworkWatch

    def before_train(self, runner):
        NetworkWatch.latest = self
        self.initial = self._states = states(runner.model)
        self._parameters = parameters(runner.model)
        self.size = sum(p.numel() for p in runner.model.parameters())
        self.iterations = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        new_states, new_parameters = states(runner.model), parameters(runner.model)
        moved, touched = set(), set()
        for name in members(runner.model):
            pairs = zip(self._parameters[name], new_parameters[name], strict=True)
            if not all(torch.equal(old, new) for old, new in pairs):
                moved.add(name)
            if not all(torch.equal(self._states[name][key], value) for key, value in new_states[name].items()):
                touched.add(name)
        known, due, trained = members(runner.model), set(), set()
        for move in runner.model.moves:
            names = {name if name in known else name.split('.')[0] for name in runner.model.trained[move.player]}
            trained |= names
            due |= names if batch_idx % move.every == 0 else set()
        self.iterations.append(
            dict(stage=runner.model.stage.name, trained=trained, due=due, moved=moved, touched=touched, losses=outputs)
        )
        self._states, self._parameters = new_states, new_parameters


def run_and_watch(cfg: Config, test: bool = False) -> tuple[dict[str, float], NetworkWatch]:
    """Trains a shrunk experiment; returns its scores and what was seen."""
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='NetworkWatch')]
    scores = train(cfg, test=test)
    watch = NetworkWatch.latest
    most = MOST_PARAMETERS * len(cfg.model.get('pairs', ['one model']))
    assert watch.size < most, f'{watch.size} parameters: name the network types of this config in SMALL'
    assert len(watch.iterations) == cfg.train_cfg.max_iters
    return scores, watch


@pytest.fixture(autouse=True)
def _surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))
    monkeypatch.chdir(ROOT)
    # MMEngine lays the config's text out anew for every log and checkpoint: most of the time of runs as short as these
    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **_: (text, True))


# ---------------------------------------------------------------------- experiments


@pytest.mark.parametrize('path', EXPERIMENTS, ids=name_of)
def test_experiment_trains_and_scores(path, tmp_path):
    cfg = shrink(load_config(path, work_dir=tmp_path / 'run'), tmp_path)
    scores, watch = run_and_watch(cfg)

    for iteration in watch.iterations:
        assert iteration['losses']
        assert all(torch.isfinite(value) for value in iteration['losses'].values()), iteration['losses']
        assert iteration['moved'] == iteration['due'] != set()
        # a critic that waits for its turn sees images all the same, and the statistics of its norms move
        assert iteration['due'] <= iteration['touched'] <= iteration['trained']
    stages = [stage.name for stage in cfg.model.get('stages') or []]
    assert list(dict.fromkeys(i['stage'] for i in watch.iterations)) == (
        (stages or ['train']) if cfg.train_cfg.max_iters else []
    )

    for key, _, init in transfers_in(cfg.model):
        name = next(name for name in watch.initial if f'{key}.'.startswith(f'{name}.'))
        member, first = key.removeprefix(name).removeprefix('.'), watch.initial[name]
        source = torch.load(init['checkpoint'], weights_only=True)['state_dict']
        wanted = {k.removeprefix(f'{init["prefix"]}.'): v for k, v in source.items() if k.startswith(init['prefix'])}
        start = f'{member}.' if member else ''
        got = {k.removeprefix(start): v for k, v in first.items() if k.startswith(start)}
        head = {k for k in got if init.get('strategy') == 'uncond_to_acgan' and k.startswith('class_head.')}
        left = {k for k in wanted if init.get('strategy') == 'cond_to_uncond' and k.startswith('embedding.')}
        wanted = {k: value for k, value in wanted.items() if k not in left}
        if init.get('strategy') == 'one_class':
            row = init.get('source_class')
            wanted = {k: v if v.shape[:1] == got[k].shape[:1] else one_row(v, row) for k, v in wanted.items()}
            vectors = {f'embed.parametrizations.weight.0.{vector}' for vector in ('_u', '_v')}  # belong to the row
            assert wanted.keys() == got.keys()
            wanted, got = ({k: v for k, v in state.items() if k not in vectors} for state in (wanted, got))
        if init.get('strategy') == 'select_classes':
            vectors = {f'embed.parametrizations.weight.0.{vector}' for vector in ('_u', '_v')}  # belong to the rows
            wanted, got = ({k: v for k, v in state.items() if k not in vectors} for state in (wanted, got))
            wanted = {k: v[: len(got[k])] if k in got and v.ndim == 2 else v for k, v in wanted.items()}
        assert wanted.keys() == got.keys() - head
        assert all(torch.equal(shared_part(got[k], value), value) for k, value in wanted.items())
        if init.get('strategy', 'copy') in ('copy', 'uncond_to_acgan'):
            assert all(got[k].shape == value.shape for k, value in wanted.items())

    if cfg.get('val_cfg') is not None:
        assert set(scores) >= names_of_fids(cfg.val_evaluator)
        assert scores, 'a validation without scores'
        assert all(math.isfinite(score) for score in scores.values()), scores
    if cfg.get('test_cfg') is not None:
        tested = evaluate(cfg, str(tmp_path / 'run'))
        assert set(tested) >= names_of_fids(cfg.test_evaluator)
        assert tested, 'a test without scores'
        assert all(math.isfinite(score) for score in tested.values()), tested


def one_row(table: torch.Tensor, source_class: int | None) -> torch.Tensor:
    return table.mean(0, keepdim=True) if source_class is None else table[source_class : source_class + 1]


def shared_part(tensor: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """The part of a tensor that a transfer takes from ``source``: one of equal rows, the mean, some columns, or all."""
    if tensor.ndim < source.ndim:
        return source if torch.allclose(tensor, source.mean(0), atol=1e-6) else torch.empty(0)
    if tensor.ndim > source.ndim:
        return tensor[0] if torch.equal(tensor, tensor[:1].expand_as(tensor)) else torch.empty(0)
    return tensor[:, : source.shape[1]] if source.ndim == 2 else tensor


def names_of_fids(evaluator: Mapping) -> set[str]:
    return {f'fid_{metric["extractor"]}' for metric in evaluator['metrics'] if metric['type'] == 'FID'}


@pytest.mark.parametrize('path', EXPERIMENTS, ids=name_of)
def test_experiment_is_consistent_at_full_size(path):
    cfg = load_config(path)
    check_config(cfg)
    chunks = max((move.get('repeat', 1) * move.get('accumulate', 1) for move in cfg.model.get('moves', [])), default=1)
    assert cfg.train_dataloader.batch_size % chunks == 0
    stages = cfg.model.get('stages')
    if stages:
        assert sum(stage.iters for stage in stages) == cfg.train_cfg.max_iters
    check_sources(cfg, {})


def check_sources(cfg: Config, prerequisites: Mapping[str, Config]) -> None:
    """Asserts that the sources' networks have the tensors that a copy into this experiment's networks needs."""
    for _, network, init in transfers_in(cfg.model):
        source = source_of(init['checkpoint'], prerequisites).model.networks[init['prefix']]
        if init.get('strategy', 'copy') == 'copy':
            assert shapes(network) == shapes(source)
        else:  # tensors without data: it raises if one does not fit
            STRATEGIES[init.strategy](on_meta(network).state_dict(), on_meta(source).state_dict())


def shapes(network: Mapping) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in on_meta(network).state_dict().items()}


def on_meta(network: Mapping) -> nn.Module:
    return _on_meta(json.dumps(dict(network, init_cfg=None), sort_keys=True))


@lru_cache(maxsize=64)
def _on_meta(network: str) -> nn.Module:
    # without the power iterations of spectral norms, which take seconds on tensors without data
    no_iterations = mock.patch.object(parametrizations._SpectralNorm, '_power_method')
    with no_iterations, torch.device('meta'), DefaultScope.overwrite_default_scope('mmgentransfer'):
        return MODELS.build(json.loads(network))


@pytest.mark.parametrize('path', [p for p in EXPERIMENTS if re.fullmatch('transfergan/.*_64', name_of(p))], ids=name_of)
def test_networks_at_64_px_have_the_papers_size(path):
    networks = load_config(path).model.networks
    assert sum(p.numel() for p in on_meta(networks.generator).parameters()) == 8_540_483
    assert sum(p.numel() for p in on_meta(networks.critic).parameters()) == 7_491_841


# ---------------------------------------------------------------------- sweeps


@pytest.mark.parametrize('path', SWEEPS, ids=name_of)
def test_sweep_expands_to_valid_experiments(path):
    sweep = load_sweep(path)
    sources = sources_of(sweep)
    for run in (run for row in sweep.cells for run in row):
        check_sources(run.cfg, sources)
        needed = {init['checkpoint'] for _, _, init in transfers_in(run.cfg.model)}
        extractors = ((run.cfg.get('val_evaluator') or {}).get('extractors') or {}).values()
        needed |= {extractor.checkpoint for extractor in extractors if extractor.type == 'ClassifierFeatures'}
        trained = {checkpoint.removesuffix('/best') for checkpoint in needed if imported_source(checkpoint) is None}
        assert trained <= set(sources), f'{run.label}: the sweep must train what its rows start from'
    # a misspelt key adds an option where none is read, and leaves two rows the same
    assert len({row[0].fingerprint for row in sweep.cells}) == len(sweep.cells)


def sources_of(sweep: Sweep) -> dict[str, Config]:
    return {str(run.work_dir): run.cfg for group in sweep.prerequisites for run in group}


@pytest.mark.parametrize('path', SWEEPS, ids=name_of)
def test_sweep_trains_and_has_the_scores_of_its_columns(path, tmp_path):
    sweep = load_sweep(path, work_dir=tmp_path / 'run')
    missing, seen = {column['key'].partition('@')[0] for column in sweep.columns} - {'train_seconds'}, []
    for cell in (row[0] for row in reversed(sweep.cells)):  # one is enough, unless rows are scored differently
        if (missing or not seen) and cell.cfg.get('val_evaluator') not in seen:
            seen.append(copy.deepcopy(cell.cfg.get('val_evaluator')))
            scores, _ = run_and_watch(shrink(cell.cfg, tmp_path, sources_of(sweep)), cell.test)
            missing -= set(scores)
    assert not missing


def cells_of(name: str) -> dict[str, Config]:
    """Returns the experiment of each row of a sweep of TransferGAN, for its first seed."""
    sweep = load_sweep(ROOT / 'configs' / 'transfergan' / f'{name}.py')
    return {name: row[0].cfg for name, row in zip(sweep.row_names, sweep.cells, strict=True)}


def test_table_2_1_has_its_four_initialisations():
    starts = {
        name: {network: part.get('init_cfg') is not None for network, part in cfg.model.networks.items()}
        for name, cfg in cells_of('table_2_1').items()
    }
    assert starts == {
        'imagenet2bedroom100k_scratch': dict(generator=False, critic=False),
        'imagenet2bedroom100k_dpre': dict(generator=False, critic=True),
        'imagenet2bedroom100k_gpre': dict(generator=True, critic=False),
        'imagenet2bedroom100k_pre': dict(generator=True, critic=True),
    }


def test_table_2_2_has_its_sizes_and_learning_rates():
    sizes = {'1k': 1000, '5k': 5000, '10k': 10**4, '50k': 5 * 10**4, '100k': 10**5, '500k': 5 * 10**5, '1m': 10**6}
    cells = cells_of('table_2_2')
    slower = cells.pop('imagenet2bedroom1k_scratch_lr1e-4')
    assert {optimizer_lr(slower, player) for player in ('critic', 'generator')} == {1e-4}
    assert slower.train_dataloader.dataset.num_images == 1000
    assert set(cells) == {f'imagenet2bedroom{size}_{start}' for size in sizes for start in ('scratch', 'pre')}
    for name, cfg in cells.items():
        size, start = name.removeprefix('imagenet2bedroom').split('_')
        assert cfg.train_dataloader.dataset.num_images == sizes[size]
        # a reference image is never a training image: subsets are the first of one permutation
        assert cfg.val_dataloader.dataset.skip >= sizes[size] <= cfg.test_dataloader.dataset.skip
        assert len(transfers_in(cfg.model)) == (2 if start == 'pre' else 0)
        rates = {optimizer_lr(cfg, player) for player in ('critic', 'generator')}
        assert rates == {1e-5 if size == '1k' else 1e-4}


def optimizer_lr(cfg: Config, player: str) -> float:
    return cfg.optim_wrapper[player].optimizer.lr


def test_table_2_7_has_its_sizes_and_learning_rates():
    sizes = {'100': 100, '1k': 1000, '10k': 10000}
    cells = cells_of('table_2_7')
    assert set(cells) == {f'places2lsun10_bnorm_{size}_{start}' for size in sizes for start in ('scratch', 'pre')}
    for name, cfg in cells.items():
        size, start = name.removeprefix('places2lsun10_bnorm_').split('_')
        assert cfg.model.networks.generator.cond_mode == 'bnorm'
        assert cfg.train_dataloader.dataset.num_per_class == sizes[size]
        assert cfg.val_dataloader.dataset.num_per_class == 10000
        assert strategies(cfg) == (['uncond_to_bnorm', 'uncond_to_acgan'] if start == 'pre' else [])
        assert {optimizer_lr(cfg, player) for player in ('critic', 'generator')} == {1e-5 if size == '100' else 1e-4}


def strategies(cfg: Config) -> list[str]:
    return [init.get('strategy', 'copy') for _, _, init in transfers_in(cfg.model)]


def test_figure_2_5_has_every_conditioning():
    kinds = dict(
        bnorm=['uncond_to_bnorm', 'uncond_to_acgan'],
        concat=['uncond_to_concat', 'uncond_to_acgan'],
        uncond=['copy', 'copy'],
    )
    cells = cells_of('figure_2_5')
    assert set(cells) == {f'places2lsun10_{kind}_10k_{start}' for kind in kinds for start in ('scratch', 'pre')}
    for name, cfg in cells.items():
        kind, _, start = name.removeprefix('places2lsun10_').split('_')
        assert cfg.model.networks.generator.get('cond_mode', 'uncond') == kind
        assert cfg.model.networks.generator.get('num_classes', 0) == (0 if kind == 'uncond' else 10)
        assert strategies(cfg) == (kinds[kind] if start == 'pre' else [])
        assert cfg.train_dataloader.dataset == cells['places2lsun10_bnorm_10k_pre'].train_dataloader.dataset
        assert cfg.val_cfg == cells['places2lsun10_bnorm_10k_pre'].val_cfg


def test_sweeps_of_lsun10_share_their_runs():
    """Rows of one name are one experiment, so that the sweeps can share a folder."""
    sweeps = [load_sweep(ROOT / f'configs/transfergan/{name}.py') for name in ('table_2_7', 'table_2_6', 'figure_2_5')]
    first = dict(zip(sweeps[0].row_names, sweeps[0].cells, strict=True))
    for sweep in sweeps[1:]:
        shared = [(name, row) for name, row in zip(sweep.row_names, sweep.cells, strict=True) if name in first]
        assert len(shared) == 2
        assert all(row[0].fingerprint == first[name][0].fingerprint for name, row in shared)


def test_lsun10_is_scored_when_its_tables_need_it():
    for name in ('table_2_6', 'figure_2_5'):
        sweep = load_sweep(ROOT / f'configs/transfergan/{name}.py')
        schedule = sweep.cells[0][0].cfg.train_cfg
        scored = {*schedule.val_at, *range(0, schedule.max_iters + 1, schedule.val_interval)}
        assert {int(column['key'].partition('@')[2]) for column in sweep.columns} <= scored


def test_the_reference_classifier_sees_no_image_of_the_reference():
    classifier = load_config(ROOT / 'configs/classifiers/lsun10_64.py').train_dataloader.dataset
    gan = load_config(ROOT / 'configs/transfergan/lsun10_acgan.py')
    for dataset in (gan.train_dataloader.dataset, gan.val_dataloader.dataset):
        assert classifier.skip >= dataset.num_per_class
        assert {key: dataset[key] for key in dataset} == {key: classifier[key] for key in classifier if key != 'skip'}


def test_strips_are_drawn_at_the_iterations_of_the_figures():
    figures = dict(figure_2_2=range(0, 10001, 2000), figure_2_4=(0, 2, 5, 15, 39, 99, 251, 632, 1591, 4000))
    for name, iterations in figures.items():
        sweep = load_sweep(ROOT / f'configs/transfergan/{name}.py')
        for cfg in (row[0].cfg for row in sweep.cells):
            hook = cfg.default_hooks.sample_grid
            last = cfg.train_cfg.max_iters
            drawn = log_spaced(last, hook.num) if hook.get('interval') is None else range(0, last + 1, hook.interval)
            assert list(drawn) == list(iterations)
            assert hook.get('interval') is None or hook.num is None
            evaluated = range(0, last + 1, cfg.train_cfg.val_interval)
            assert {int(column['key'].partition('@')[2]) for column in sweep.columns} <= set(evaluated)
    starts = ('scratch', 'imagenet', 'places', 'bedroom', 'celeba')
    assert sweep.row_names == [f'{start}2kitchens_strip' for start in starts]


@pytest.mark.parametrize(
    'options',
    [
        {'model.losses.critic_class.on_fake': True},
        {'model.losses.critic_class.loss_weight': 0.5, 'model.losses.generator_class.loss_weight': 2.0},
        {
            'model.networks.generator.cond_mode': 'concat',
            'model.networks.generator.init_cfg.strategy': 'uncond_to_concat',
            'model.networks.generator.init_cfg.new_columns': 'zero',
        },
        {'model.networks.critic.norm': None},
        {'model.losses.adversarial.type': 'VanillaLoss', 'model.losses.gradient_penalty.loss_weight': 0},
    ],
    ids=lambda options: ' '.join(options),
)
def test_variants_of_the_acgan_are_options(options):
    cfg = load_config(ROOT / 'configs/transfergan/digits_acgan.py', options)
    check_config(cfg)
    shrink_networks(cfg.model)
    inits = {name: network.pop('init_cfg') for name, network in cfg.model.networks.items()}
    for name, init in inits.items():
        arguments = dict(init)
        assert WEIGHT_INITIALIZERS.get(arguments.pop('type'))(**arguments).prefix == name
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        model = MODELS.build(cfg.model)
        wrappers = PlayerOptimWrappers({player: dict(optimizer=dict(type='SGD', lr=0.1)) for player in model.players})(
            model
        )
    side = model.critic.image_size
    images = torch.randint(0, 256, (6, 1, side, side), dtype=torch.uint8)
    losses = model.train_step(dict(images=images, labels=torch.arange(6) % 5), wrappers)
    assert losses
    assert all(torch.isfinite(value) for value in losses.values())


def test_figure_a_1_has_half_the_width_everywhere():
    sweep = load_sweep(ROOT / 'configs/transfergan/figure_a_1.py')
    for run in sweep.runs:
        networks = run.cfg.model.networks
        assert sum(p.numel() for p in on_meta(networks.generator).parameters()) == 2_401_443
        assert sum(p.numel() for p in on_meta(networks.critic).parameters()) == 1_877_121
    for row in sweep.cells:
        assert row[0].cfg.train_dataloader.dataset.num_images == 10000
        assert row[0].cfg.test_evaluator.metrics[0].critic.base_channels == 32
    assert [len(transfers_in(row[0].cfg.model)) for row in sweep.cells] == [0, 2]


def test_table_2_4_has_every_source_and_target():
    sources, targets = ('imagenet', 'places', 'bedroom', 'celeba'), ('flowers', 'kitchens', 'lfw', 'cityscapes')
    folders = dict(flowers='flowers102', kitchens='kitchen_train', lfw='lfw', cityscapes='cityscapes')
    rows = {f'{source}2{target}': (source, target) for source in sources for target in targets}
    rows |= {f'scratch_{target}': (None, target) for target in targets}
    cells = cells_of('table_2_4')
    assert set(cells) == set(rows)
    for name, (source, target) in rows.items():
        used = [init['checkpoint'] for _, _, init in transfers_in(cells[name].model)]
        assert used == ([f'work_dirs/transfergan/source_{source}_64'] * 2 if source else [])
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            assert folders[target] in Path(cells[name][loader].dataset.data_root).parts
