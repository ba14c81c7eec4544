"""The thesis's tables of SDIT: their rows, and the data, scores and trained models that these share."""

from __future__ import annotations

import copy
import functools

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from shipped_configs import ROOT, resolve_pairs, runs_of, shrink_networks
from test_compared_methods import experiments

from mmgentransfer.apis import load_config
from mmgentransfer.apis.sweep import load_sweep
from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.registry import MODELS

CELEBA = 'celeba128_sdit_5attr'
ROWS = dict(
    table_6_1=[f'{CELEBA}{part}' for part in ('_wo-cin', '_wo-att_lat0', '_wo-att', '_lat0', '')],
    figure_6_6=[f'{CELEBA}_wo-att_lat0_cin-{mode}' for mode in ('gamma', 'beta', 'both')],
    celeba_variants=[f'{CELEBA}{part}' for part in ('', '_joint', '_released', '_literal')],
    table_6_2=['stargan_celeba128_10attr', 'icgan_celeba128_10attr', 'celeba128_sdit_10attr'],
    table_6_3=[*(f'{name}_color128' for name in ('cyclegan', 'icgan', 'stargan', 'munit')), 'color128_sdit'],
    table_6_4=[
        *(f'{name}_artworks256' for name in ('cyclegan', 'icgan', 'stargan', 'munit')),
        'artworks256_sdit_wo-att',
    ],
)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    monkeypatch.chdir(ROOT)


@functools.cache
def rows_of(name: str) -> dict[str, Config]:
    return experiments(f'sdit/{name}')


@pytest.mark.parametrize('name', list(ROWS))
def test_rows_are_methods_on_the_same_data_with_the_same_scores(name):
    cells = rows_of(name)
    assert list(cells) == ROWS[name]
    sdit = cells[ROWS[name][-1]]
    for row, cfg in cells.items():
        assert cfg.model.domains == sdit.model.domains, row
        for key in ('type', 'data_root', 'image_size', 'class_order', 'selected', 'crop', 'split'):
            assert cfg.val_dataloader.dataset.get(key) == sdit.val_dataloader.dataset.get(key), row
        for part in ('data_root', 'class_order', 'selected'):
            assert cfg.train_dataloader.dataset.get(part) == sdit.train_dataloader.dataset.get(part), row
        assert all(metric in cfg.val_evaluator.metrics for metric in sdit.val_evaluator.metrics), row
        assert build(cfg).domains == sdit.model.domains, row
        assert row.startswith('stargan') <= (cfg.train_dataloader.batch_size == 5 * 16), row
        assert cfg.model.get('target_sampling', 'permute') == 'permute', row


def build(cfg: Config) -> DomainTranslator:
    """Builds an experiment's model with narrow networks, those of pairs as their runs have them."""
    model = copy.deepcopy(cfg.model)
    resolve_pairs(model)
    shrink_networks(model)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        return MODELS.build(model)


@pytest.mark.parametrize('name', ['table_6_3', 'table_6_4'])
def test_pairs_are_those_of_the_rows_seed(name):
    rows = [row for row in ROWS[name] if row.startswith(('cyclegan', 'munit'))]
    for (cell,) in load_sweep(ROOT / f'configs/sdit/{name}.py', seeds=[1], rows=rows).cells:
        folders = {pair.checkpoint for pair in cell.cfg.model.pairs}
        assert len(folders) == 6
        assert {folder.rpartition('/')[2] for folder in folders} == {'seed1'}


@pytest.mark.parametrize('name', ['stargan_celeba_128', 'stargan_colors_128', 'stargan_artworks_256'])
def test_stargan_has_200_000_updates_of_its_critic(name):
    cfg = load_config(ROOT / f'configs/baselines/{name}.py')
    updates = {move.player: cfg.train_cfg.max_iters * move.get('repeat', 1) for move in cfg.model.moves}
    assert updates == dict(critic=200_000, generator=40_000)
    assert cfg.train_dataloader.batch_size == 5 * 16
    for part in ('critic', 'generator'):
        (decay,) = cfg.param_scheduler[part]
        assert (decay.begin, decay.end, decay.end_factor) == (20_000, 40_000, 0.0)
        assert cfg.model.networks[part].init == dict(type='uniform')


def test_cyclegans_of_artworks_see_the_larger_set_200_times():
    images = dict(photo=3000, cezanne=500, ukiyoe=700, monet=1000)
    runs = runs_of(ROOT / 'configs/baselines/cyclegan_artworks_pairs.py')
    for cfg in runs.values():
        larger = max(images[name] for name in cfg.model.modalities)
        assert cfg.train_cfg.max_iters == 200 * larger
        assert {decay.end for part in cfg.param_scheduler.values() for decay in part} == {200 * larger}
        assert {decay.begin for part in cfg.param_scheduler.values() for decay in part} == {100 * larger}
        assert [part.get('num_blocks', 9) for part in cfg.model.networks.generators.values()] == [9, 9]
    assert len(runs) == 6
