"""The tables of what methods are compared with: rows, data and scores; and the extractors that score them."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from shipped_configs import ROOT, shrink
from test_all_configs import sources_of

from mmgentransfer.apis import load_config, train
from mmgentransfer.apis.sweep import load_sweep
from mmgentransfer.checkpoints import load_state_dict, resolve_checkpoint
from mmgentransfer.engine.hooks import AtomicCheckpointHook


def experiments(name: str, **variables: str) -> dict[str, Config]:
    sweep = load_sweep(ROOT / f'configs/{name}.py', variables=variables)
    return {row: cells[0].cfg for row, cells in zip(sweep.row_names, sweep.cells, strict=True)}


@pytest.fixture(autouse=True)
def _surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGENTRANSFER_CACHE', str(tmp_path / 'cache'))
    monkeypatch.chdir(ROOT)


# ---------------------------------------------------------------------- M&MNets, table 4.8


def known(part: dict) -> dict:
    return {key: value for key, value in part.items() if value is not None}


def test_table_4_8_has_the_methods_of_the_thesis():
    cells = experiments('mmnets/table_4_8')
    tasks = {
        row.removeprefix('freiburg_'): {task.name for task in cfg.val_cfg.tasks if task.name[:3] in ('D2S', 'N2S')}
        for row, cfg in cells.items()
    }
    assert tasks == dict(
        cyclegan={'D2S'},
        cyclegan_nir={'N2S'},
        pix2pix={'D2S', 'N2S'},
        stargan={'D2S', 'N2S'},
        oracle={'D2S'},
        oracle_nir={'N2S'},
        oracle_fusion={'D2S', 'N2S'},
        forest={'D2S', 'N2S'},
    )
    forest = cells['freiburg_forest']
    for cfg in cells.values():
        assert known(cfg.model.modalities.segmentation) == known(forest.model.modalities.segmentation)
        assert known(cfg.model.data_preprocessor) == known(forest.model.data_preprocessor)
        assert cfg.train_dataloader.dataset.dataset == forest.train_dataloader.dataset.dataset
        assert cfg.val_dataloader == forest.val_dataloader


def test_only_the_oracles_of_table_4_8_see_maps_with_labels():
    for row, cfg in experiments('mmnets/table_4_8').items():
        sets = [set(names) for names in cfg.train_dataloader.dataset.sets.values()]
        paired = any('segmentation' in names and names & {'depth', 'nir'} for names in sets)
        assert paired == ('oracle' in row), row
        assert (cfg.train_dataloader.dataset.split_file is None) == paired, row


# ---------------------------------------------------------------------- DRIT on biased sets

SETS = dict(
    handbags_texture=('handbags_color', 'handbags_texture', 'wanted_change_handbags_texture'),
    handbags_color=('handbags_texture', 'handbags_color', 'wanted_change_handbags_color'),
    makeup=('gender', 'gender', 'confidence_drop_gender'),
    morph=('morph_gender', 'morph_ethnicity', 'misclassification_morph_ethnicity'),
    cityscapes_synthia=('daytime', 'daytime', 'confidence_drop_daytime'),
)


@pytest.mark.parametrize('name', list(SETS))
def test_drit_is_scored_as_udit_on_a_biased_set(name, tmp_path):
    metrics, more, also = SETS[name]
    sweep = load_sweep(
        ROOT / 'configs/baselines/drit_biased_sets.py',
        work_dir=tmp_path / 'run',
        variables=dict(set=name, metrics=metrics, more=more),
    )
    cfg = sweep.cells[0][0].cfg
    needed = {part.checkpoint for part in cfg.val_evaluator.extractors.values() if part.type == 'ClassifierFeatures'}
    assert {path.removesuffix('/best') for path in needed} == set(sources_of(sweep))
    udit = [path for path in (ROOT / 'configs/udit').glob('*.py') if f'biased_{name}.py' in path.read_text()]
    assert udit
    for other in (load_config(path) for path in udit):
        assert cfg.val_evaluator == other.val_evaluator
        assert cfg.val_dataloader == other.val_dataloader
        assert cfg.train_dataloader.dataset == other.train_dataloader.dataset
    scores = train(shrink(cfg, tmp_path, sources_of(sweep)))
    assert {f'misclassification_{metrics}', also} <= set(scores)


# ---------------------------------------------------------------------- extractors


def test_the_best_extractor_is_kept_and_found(tmp_path, monkeypatch):
    """Of the accuracies of three iterations the first is the best, and the latest checkpoint another."""
    cfg = shrink(load_config(ROOT / 'configs/udit/extractor_handbags_color.py', work_dir=tmp_path / 'run'), tmp_path)
    cfg.train_cfg.max_iters = 3
    scores, seen = {1: 90.0, 2: 90.0, 3: 50.0}, []

    def score(hook, runner, metrics):
        assert 0 <= metrics['accuracy'] <= 100
        seen.append(runner.iter)
        CheckpointHook.after_val_epoch(hook, runner, dict(accuracy=scores[runner.iter]))

    monkeypatch.setattr(AtomicCheckpointHook, 'after_val_epoch', score)
    train(cfg)
    assert seen == [1, 2, 3]
    best, latest = (resolve_checkpoint(str(tmp_path / path)) for path in ('run/best', 'run'))
    assert best == str(tmp_path / 'run/best_accuracy_iter_1.pth')
    assert latest == str(tmp_path / 'run/iter_3.pth')
    first, last = (load_state_dict(path, 'classifier') for path in (str(tmp_path / 'run/best'), latest))
    assert any(not torch.equal(first[key], last[key]) for key in first)


@pytest.mark.parametrize('name', ['handbags_texture_d8_pi', 'handbags_color_d32_pi', 'cityscapes2synthia_d16_pi'])
def test_udit_takes_the_best_extractors(name):
    cfg = load_config(ROOT / f'configs/udit/{name}.py')
    kept = cfg.model.losses.semantic.extractor.init_cfg.checkpoint
    paths = [kept, *(part.checkpoint for part in cfg.val_evaluator.extractors.values())]
    assert all(path.endswith('/best') for path in paths), paths
    for path in paths:
        run = load_config(ROOT / f'configs/udit/{path.split("/")[-2]}.py')
        assert run.default_hooks.checkpoint.save_best == 'accuracy'
