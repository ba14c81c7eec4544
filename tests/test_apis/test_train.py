"""Reading a config, running and scoring an experiment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mmgentransfer.apis import describe, dry_run, evaluate, load_config, train
from mmgentransfer.apis.console import lay_out
from mmgentransfer.apis.train import config_fingerprint

ROOT = Path(__file__).parents[2]


def test_config_with_options(tmp_path):
    (tmp_path / 'base.py').write_text('train_cfg = dict(max_iters=5)\nmodel = dict(stages=[dict(iters=3)])\n')
    (tmp_path / 'mine.py').write_text("_base_ = './base.py'\ntrain_cfg = dict(val_interval=2)\n")
    cfg = load_config(tmp_path / 'mine.py', {'train_cfg.max_iters': 9, 'model.stages.0.iters': 4})
    assert cfg.train_cfg == dict(max_iters=9, val_interval=2)
    assert cfg.model.stages == [dict(iters=4)]
    assert cfg.work_dir == f'work_dirs/{tmp_path.name}/mine'
    assert load_config(tmp_path / 'mine.py', work_dir=tmp_path / 'here').work_dir == str(tmp_path / 'here')
    (tmp_path / 'own.py').write_text("_base_ = './base.py'\nwork_dir = 'somewhere'\n")
    assert load_config(tmp_path / 'own.py').work_dir == 'somewhere'


def test_config_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no config '.*no\.py'"):
        load_config(tmp_path / 'no.py')


def test_fingerprint_is_of_what_is_done():
    def fingerprint(options=None, work_dir=None):
        return config_fingerprint(load_config(ROOT / 'configs/minegan/digits.py', options, work_dir))

    assert fingerprint() == fingerprint(work_dir='elsewhere')
    assert fingerprint() == fingerprint({'log_level': 'ERROR'})
    assert fingerprint() != fingerprint({'randomness.seed': 1})
    assert fingerprint() != fingerprint({'model.networks.miners.0.dims': [128, 128]})


def test_summary_of_a_finished_run(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2), iters=5)
    fingerprint = config_fingerprint(cfg)
    metrics = train(cfg)
    summary = json.loads((Path(cfg.work_dir) / 'summary.json').read_text())
    assert summary.pop('train_seconds') > 0
    assert summary == dict(config=fingerprint, iters=5, seed=0, metrics=metrics)
    assert metrics.keys() == {'mv', 'mv_ratio'}


def test_channels_last_is_a_layout_alone(toy_config, tmp_path):
    scores = {}
    for wanted in (False, True):
        cfg = load_config(toy_config, {'env_cfg.channels_last': wanted}, tmp_path / str(wanted))
        cfg.experiment_name = f'{tmp_path.name}_{wanted}'
        scores[wanted] = train(cfg)
        weights = torch.load(tmp_path / str(wanted) / 'iter_2.pth', weights_only=False)['state_dict']
        layouts = {
            w.is_contiguous(memory_format=torch.channels_last)
            for w in weights.values()
            if w.ndim == 4 and min(w.shape[1], *w.shape[2:]) > 1  # of others it can't be told
        }
        assert layouts == {wanted}
    assert scores[True]['mv'] == pytest.approx(scores[False]['mv'], rel=1e-3)
    with pytest.raises(ValueError, match=r'env_cfg\.channels_last must be True or False, got 1'):
        lay_out(torch.nn.Conv2d(2, 2, 3), dict(channels_last=1))


def test_a_folder_holds_one_run(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2), iters=5)
    train(cfg.copy())
    written = {path: path.read_bytes() for path in Path(cfg.work_dir).iterdir() if path.suffix in ('.pth', '.jsonl')}
    with pytest.raises(ValueError, match=r'holds a run already \(iter_5\.pth\): --resume goes on .* --work-dir'):
        train(cfg.copy())
    cfg.model.networks.miners[0].dims = [32, 9, 32]
    with pytest.raises(ValueError, match=r'iter_5\.pth.* does not fit the config\n  miners\.0\..*the config \(9, 32\)'):
        train(cfg, resume=True)
    assert len(written) == 2
    assert all(path.read_bytes() == content for path, content in written.items())


def test_training_that_ends_with_the_test(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=2)
    cfg.test_dataloader, cfg.test_evaluator = cfg.val_dataloader, cfg.val_evaluator
    cfg.test_cfg = dict(cfg.val_cfg, num_images=7, seed=4)
    scores = train(cfg.copy(), test=True)
    assert set(scores) == {'mv', 'mv_ratio', 'test_mv', 'test_mv_ratio'}
    assert scores['test_mv'] != scores['mv']
    folder = Path(cfg.work_dir)
    summary = json.loads((folder / 'summary.json').read_text())
    assert (summary['tested'], summary['metrics']) == (True, scores)
    validations, tests = (
        [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for name in ('metrics.jsonl', 'test_metrics.jsonl')
    )
    assert [(line['num_generated'], line['mv']) for line in validations] == [(10, scores['mv'])]
    assert [(line['num_generated'], line['mv']) for line in tests] == [(7, scores['test_mv'])]
    again = cfg.copy()
    again.experiment_name += '_test'
    assert evaluate(again, cfg.work_dir)['mv'] == scores['test_mv']  # on the final weights


def test_test_without_a_test_loop_is_refused_before_the_training(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=1)
    with pytest.raises(ValueError, match='the config has no test_cfg'):
        train(cfg, test=True)
    assert not list(Path(cfg.work_dir).glob('*.pth'))


def test_same_seed_same_run(experiment, game_configs):
    states = []
    for name, seed in (('a', 3), ('b', 3), ('c', 4)):
        cfg = experiment(game_configs['TransferGAN'](width=2), iters=2, name=name)
        cfg.randomness.seed = seed
        train(cfg)
        states.append(torch.load(Path(cfg.work_dir) / 'iter_2.pth', weights_only=True)['state_dict'])
    first, same, other = (state['critic.input_conv.weight'] for state in states)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_score_of_a_checkpoint(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=2)
    cfg.test_dataloader, cfg.test_cfg, cfg.test_evaluator = cfg.val_dataloader, cfg.val_cfg, cfg.val_evaluator
    trained = train(cfg.copy())
    again = cfg.copy()
    again.experiment_name += '_test'
    assert evaluate(again, cfg.work_dir) == trained


def test_score_without_a_test_loop(experiment, game_configs):
    cfg = experiment(game_configs['TransferGAN'](width=2), iters=1)
    train(cfg.copy())
    with pytest.raises(ValueError, match='test_cfg'):
        evaluate(cfg, cfg.work_dir)


def test_score_of_no_checkpoint(experiment, game_configs, tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no checkpoint'):
        evaluate(experiment(game_configs['TransferGAN'](width=2)), str(tmp_path / 'no.pth'))


def test_dry_run_builds_and_stops(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2))
    text = dry_run(cfg)
    assert "type='GameTrainLoop'" in text
    assert not list(Path(cfg.work_dir).glob('*.pth'))
    # 32*32 + 32 for each of the miner's two layers
    assert [line.split() for line in text.splitlines() if 'MLPMiner ' in line] == [
        ['miners', 'MLPMiner', '2,112', 'generator', 'mine,', 'finetune', '32', '->', '32']
    ]
    cfg = experiment(game_configs['MineGAN'](width=2, finetuning=3), name='wrong')
    with pytest.raises(ValueError, match='add up to 6 iterations'):
        dry_run(cfg)


def test_table_of_networks(game_configs, build_game):
    """toy8 has 24,625 and 8,225 parameters."""
    rows = [line.split() for line in describe(build_game(game_configs['MineGAN']())).splitlines()]
    assert rows == [
        ['network', 'class', 'parameters', 'player', 'trained', 'in', 'shapes'],
        ['critic', 'WGANGPCritic', '8,225', 'critic', 'mine,', 'finetune', '1x8x8', '->', 'scores'],
        ['miners', 'MLPMiner', '2,112', 'generator', 'mine,', 'finetune', '32', '->', '32'],
        ['generators', 'WGANGPGenerator', '24,625', 'generator', 'finetune', '32', '->', '1x8x8'],
    ]
