"""Every config that is shipped: it loads, holds no unknown key, fits its sources, and trains at a tiny size."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
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
    source_of,
    transfers_in,
)
from torch import nn

from mmgentransfer.apis import evaluate, load_config, train
from mmgentransfer.apis.checks import check_config
from mmgentransfer.apis.sweep import Sweep, load_sweep
from mmgentransfer.checkpoints import STRATEGIES
from mmgentransfer.registry import HOOKS, MODELS

# ---------------------------------------------------------------------- watching a run


def states(model: nn.Module) -> dict[str, dict[str, torch.Tensor]]:
    networks = {name: getattr(model, name) for name in model.network_names}
    return {name: {k: v.clone() for k, v in net.state_dict().items()} for name, net in networks.items()}


def parameters(model: nn.Module) -> dict[str, list[torch.Tensor]]:
    return {name: [p.detach().clone() for p in getattr(model, name).parameters()] for name in model.network_names}


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
        for name in runner.model.network_names:
            pairs = zip(self._parameters[name], new_parameters[name], strict=True)
            if not all(torch.equal(old, new) for old, new in pairs):
                moved.add(name)
            if not all(torch.equal(self._states[name][key], value) for key, value in new_states[name].items()):
                touched.add(name)
        trained = {name for names in runner.model.trained.values() for name in names}
        self.iterations.append(
            dict(stage=runner.model.stage.name, trained=trained, moved=moved, touched=touched, losses=outputs)
        )
        self._states, self._parameters = new_states, new_parameters


def run_and_watch(cfg: Config) -> tuple[dict[str, float], NetworkWatch]:
    """Trains a shrunk experiment; returns its scores and what was seen."""
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='NetworkWatch')]
    scores = train(cfg)
    watch = NetworkWatch.latest
    assert watch.size < MOST_PARAMETERS, f'{watch.size} parameters: name the network types of this config in SMALL'
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
        assert iteration['moved'] == iteration['touched'] == iteration['trained'] != set()
    stages = [stage.name for stage in cfg.model.get('stages') or []]
    assert list(dict.fromkeys(i['stage'] for i in watch.iterations)) == (stages or ['train'])

    for key, _, init in transfers_in(cfg.model):
        name, _, member = key.partition('.')
        first = watch.initial[name]
        source = torch.load(init['checkpoint'], weights_only=True)['state_dict']
        wanted = {k.removeprefix(f'{init["prefix"]}.'): v for k, v in source.items() if k.startswith(init['prefix'])}
        start = f'{member}.' if member else ''
        got = {k.removeprefix(start): v for k, v in first.items() if k.startswith(start)}
        head = {k for k in got if init.get('strategy') == 'uncond_to_acgan' and k.startswith('class_head.')}
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


def shared_part(tensor: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """The part of a tensor that a transfer takes from ``source``: a row of equal ones, the first columns, or all."""
    if tensor.ndim > source.ndim:
        return tensor[0] if torch.equal(tensor, tensor[:1].expand_as(tensor)) else torch.empty(0)
    return tensor[:, : source.shape[1]] if source.ndim == 2 else tensor


def names_of_fids(evaluator: Mapping) -> set[str]:
    return {f'fid_{metric["extractor"]}' for metric in evaluator['metrics'] if metric['type'] == 'FID'}


@pytest.mark.parametrize('path', EXPERIMENTS, ids=name_of)
def test_experiment_is_consistent_at_full_size(path):
    cfg = load_config(path)
    check_config(cfg)
    chunks = max(move.get('repeat', 1) * move.get('accumulate', 1) for move in cfg.model.moves)
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
    with torch.device('meta'), DefaultScope.overwrite_default_scope('mmgentransfer'):
        return MODELS.build(dict(network, init_cfg=None))


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
        extractors = run.cfg.val_evaluator.extractors.values()
        needed |= {extractor.checkpoint for extractor in extractors if extractor.type == 'ClassifierFeatures'}
        assert needed <= set(sources), f'{run.label}: the sweep must train what its rows start from'
    # a misspelt key adds an option where none is read, and leaves two rows the same
    assert len({row[0].fingerprint for row in sweep.cells}) == len(sweep.cells)


def sources_of(sweep: Sweep) -> dict[str, Config]:
    return {str(run.work_dir): run.cfg for group in sweep.prerequisites for run in group}


@pytest.mark.parametrize('path', SWEEPS, ids=name_of)
def test_sweep_trains_and_has_the_scores_of_its_columns(path, tmp_path):
    sweep = load_sweep(path, work_dir=tmp_path / 'run')
    scores, _ = run_and_watch(shrink(sweep.cells[-1][0].cfg, tmp_path, sources_of(sweep)))
    assert {column['key'].partition('@')[0] for column in sweep.columns} <= {*scores, 'train_seconds'}


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


def test_table_2_7_has_its_sizes_conditionings_and_learning_rates():
    sizes = {'100': 100, '1k': 1000, '10k': 10000}
    cells = cells_of('table_2_7')
    names = {f'bnorm_{size}' for size in sizes} | {'concat_10k'}
    assert set(cells) == {f'places2lsun10_{name}_{start}' for name in names for start in ('scratch', 'pre')}
    for name, cfg in cells.items():
        cond_mode, size, start = name.removeprefix('places2lsun10_').split('_')
        assert cfg.model.networks.generator.cond_mode == cond_mode
        assert cfg.train_dataloader.dataset.num_per_class == sizes[size]
        assert cfg.val_dataloader.dataset.num_per_class == 10000
        strategies = [init.strategy for _, _, init in transfers_in(cfg.model)]
        assert strategies == ([f'uncond_to_{cond_mode}', 'uncond_to_acgan'] if start == 'pre' else [])
        assert {optimizer_lr(cfg, player) for player in ('critic', 'generator')} == {1e-5 if size == '100' else 1e-4}


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
