"""The command line: exit statuses, messages, and what it writes."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from mmgentransfer import apis
from mmgentransfer.cli import main, parse_options
from mmgentransfer.models.methods import TransferGAN


@pytest.fixture(scope='module')
def run(tmp_path_factory, write_config):
    """A trained toy GAN: (config, folder, exit status)."""
    folder = tmp_path_factory.mktemp('trained')
    config = write_config(folder / 'toy_cli.py')
    return config, folder / 'run', main(['train', str(config), '--work-dir', str(folder / 'run')])


def error_of(capsys) -> str:
    """The message on stderr, which must be one, and no traceback."""
    text = capsys.readouterr().err
    lines = [line for line in text.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1
    assert 'Traceback' not in text
    return lines[0]


def test_training_ends_with_status_0_and_a_summary(run):
    _, work_dir, status = run
    summary = json.loads((work_dir / 'summary.json').read_text())
    assert status == 0
    assert summary['iters'] == 2
    assert set(summary['metrics']) == {'mv', 'mv_ratio'}


def test_console_shows_stages_losses_and_scores_and_the_file_everything(toy_config, tmp_path, capsys):
    assert main(['train', str(toy_config), '--work-dir', str(tmp_path / 'run')]) == 0
    shown = capsys.readouterr().out
    written = next((tmp_path / 'run').glob('*/*.log')).read_text()
    for text in ("stage 'train' (1 of 1)", 'critic/adversarial', 'mv_ratio', f'everything is in {tmp_path / "run"}'):
        assert text in shown
    for text in ('System environment', 'Hooks will be executed', 'optim_wrapper', 'FileClient'):
        assert text not in shown
    for text in ('System environment', 'Hooks will be executed', 'optim_wrapper', "stage 'train' (1 of 1)"):
        assert text in written


def test_dry_run_shows_the_networks_and_trains_nothing(toy_config, tmp_path, capsys):
    assert main(['train', str(toy_config), '--work-dir', str(tmp_path / 'run'), '--dry-run']) == 0
    assert 'WGANGPCritic28     1,193' in capsys.readouterr().out
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_test_prints_the_scores_and_leaves_the_training_log_alone(run, capsys):
    config, work_dir, _ = run
    before = (work_dir / 'metrics.jsonl').read_text()
    assert main(['test', str(config), str(work_dir)]) == 0
    scores = dict(line.split() for line in capsys.readouterr().out.splitlines()[-2:])
    last = json.loads(before.splitlines()[-1])
    # the classes differ: the test loop's reference is the same data, so the same 8 images have the same variance
    assert float(scores['mv']) == pytest.approx(last['mv'], abs=1e-4)
    assert (work_dir / 'metrics.jsonl').read_text() == before
    assert (work_dir / 'test').is_dir()


def test_sample_writes_a_grid_of_the_size_that_is_asked_for(run, tmp_path, capsys):
    config, work_dir, _ = run
    png, npz = tmp_path / 'grid.png', tmp_path / 'images.npz'
    assert (
        main(['sample', str(config), str(work_dir), '-o', str(png), '-n', '10', '--columns', '4', '--npz', str(npz)])
        == 0
    )
    assert cv2.imread(str(png)).shape == (3 * 30 + 2, 4 * 30 + 2, 3)  # 28 pixels and 2 between
    with np.load(npz) as file:
        images = file['images']
    assert (images.shape, images.dtype) == ((10, 28, 28, 1), np.uint8)
    assert '10 images of 28x28 pixels' in capsys.readouterr().out


def test_sample_calibrates_what_it_draws_from(run, tmp_path, monkeypatch, capsys):
    config, work_dir, _ = run
    command = ['sample', str(config), str(work_dir), '-o', str(tmp_path / 'x.png'), '--calibrate']
    assert main(command) == 2  # these networks have no batch norms
    assert 'nothing to calibrate' in error_of(capsys)
    assert main([*command, '--batch-statistics']) == 2
    assert '--calibrate is about running statistics' in error_of(capsys)
    calls = []
    monkeypatch.setattr(TransferGAN, 'calibrate_batch_norms', lambda self, which: calls.append(which))
    assert main([*command, '--which', 'live']) == 0
    assert calls == ['live']


def test_samples_follow_from_the_seed(run, tmp_path):
    config, work_dir, _ = run
    grids = []
    for seed in (0, 0, 1):
        assert main(['sample', str(config), str(work_dir), '-o', str(tmp_path / 'x.png'), '--seed', str(seed)]) == 0
        grids.append((tmp_path / 'x.png').read_bytes())
    assert grids[0] == grids[1] != grids[2]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['train_cfg.max_iter=3'], "unknown config key train_cfg.max_iter of GameTrainLoop. Did you mean 'max_iters'"),
        (['model.type=TransferGan'], "Did you mean 'TransferGAN'"),
        (['train_dataloader.batch_size=7'], 'train_dataloader.batch_size = 7'),
        (['model.moves.5.player=critic'], 'Index 5'),
    ],
)
def test_a_wrong_config_is_one_line_and_status_2(toy_config, tmp_path, capsys, options, message):
    assert main(['train', str(toy_config), '--work-dir', str(tmp_path / 'run'), '--cfg-options', *options]) == 2
    assert message in error_of(capsys)


def test_a_lacking_argument_is_named(toy_config, tmp_path, capsys):
    config = tmp_path / 'lacking.py'
    config.write_text(f"_base_ = {str(toy_config)!r}\nval_evaluator = dict(metrics=[dict(type='ClassifierError')])")
    assert main(['train', str(config), '--work-dir', str(tmp_path / 'run')]) == 2
    assert error_of(capsys) == "error: a ClassifierError of the config lacks 'extractor' and 'target'"


@pytest.mark.parametrize(
    'text', ['a = = 3', '_base_ = "nowhere.py"', 'custom_imports = dict(imports=["no_such_module"])']
)
def test_a_file_that_is_no_config_is_status_2(tmp_path, capsys, text):
    (tmp_path / 'bad.py').write_text(text)
    assert main(['train', str(tmp_path / 'bad.py')]) == 2
    assert error_of(capsys)


def test_a_missing_config_is_status_2(tmp_path, capsys):
    assert main(['train', str(tmp_path / 'none.py')]) == 2
    assert 'there is no config' in error_of(capsys)


def test_a_missing_checkpoint_is_status_2(toy_config, tmp_path, capsys):
    assert main(['test', str(toy_config), str(tmp_path / 'none.pth')]) == 2
    assert 'there is no checkpoint' in error_of(capsys)


def test_a_file_that_is_no_checkpoint_is_status_2(toy_config, capsys):
    assert main(['test', str(toy_config), str(toy_config)]) == 2
    assert 'is not a checkpoint' in error_of(capsys)


def test_a_checkpoint_of_other_networks_is_status_2(run, capsys):
    config, work_dir, _ = run
    assert main(['test', str(config), str(work_dir), '--cfg-options', 'model.networks.critic.dim=3']) == 2
    assert 'does not fit the config' in error_of(capsys)


def test_a_loss_that_is_not_finite_is_status_1(toy_config, tmp_path, capsys):
    options = ['--cfg-options', 'optim_wrapper.critic.optimizer.lr=1e30']
    assert main(['train', str(toy_config), '--work-dir', str(tmp_path / 'run'), *options]) == 1
    message = error_of(capsys)
    assert 'adversarial' in message
    assert "stage 'train'" in message


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--target', '12'], 'a digit from 0 to 9, got 12'),
        (['--images', '0'], 'from 1 to 100'),
        (['--images', '1000'], 'got 1000'),
        (['--seed', '-1'], 'different integers from 0 on'),
    ],
)
def test_quickstart_refuses_bad_values_before_it_starts(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(['quickstart', *arguments]) == 2
    assert message in error_of(capsys)
    assert not list(tmp_path.iterdir())


def test_sample_refuses_no_images(toy_config, capsys):
    assert main(['sample', str(toy_config), 'x.pth', '-o', 'x.png', '-n', '0']) == 2
    assert '-n and --columns' in error_of(capsys)


def test_options_that_are_not_pairs_are_refused(toy_config, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(['train', str(toy_config), '--cfg-options', 'max_iters'])
    assert stopped.value.code == 2
    assert "'max_iters' is not of the form KEY=VALUE" in capsys.readouterr().err


def test_options_are_parsed_to_values():
    assert parse_options(['a.b=3', 'c=[1,2.5,x]', 'd=None', 'e=True', 'f=x=y']) == {
        'a.b': 3, 'c': [1, 2.5, 'x'], 'd': None, 'e': True, 'f': 'x=y',
    }  # fmt: skip


def test_ctrl_c_says_how_to_go_on(toy_config, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(apis, 'train', interrupted)
    assert main(['train', str(toy_config)]) == 130
    assert '--resume goes on' in capsys.readouterr().err


@pytest.mark.parametrize(('error', 'debug'), [(RuntimeError('a bug'), '0'), (ValueError('bad value'), '1')])
def test_bugs_and_debugging_keep_the_traceback(toy_config, monkeypatch, error, debug):
    def failing(*_, **__):
        raise error

    monkeypatch.setattr(apis, 'train', failing)
    monkeypatch.setenv('MMGENTRANSFER_DEBUG', debug)
    with pytest.raises(type(error), match=str(error)):
        main(['train', str(toy_config)])


def test_other_processes_of_a_run_are_silent_about_what_all_see(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('RANK', '1')
    (tmp_path / 'bad.py').write_text('surely_not_a_key = 1')
    assert main(['train', str(tmp_path / 'bad.py'), '--work-dir', str(tmp_path / 'run')]) == 2
    assert 'error' not in capsys.readouterr().err


def test_help_needs_no_torch(subprocess_environment):
    code = (
        'import sys\nfrom mmgentransfer.cli import main\n'
        'try:\n    main(["train", "--help"])\nexcept SystemExit as stop:\n    assert stop.code == 0\n'
        'assert "torch" not in sys.modules and "mmengine" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], env=subprocess_environment(), check=True, capture_output=True)


def test_a_dict_inside_a_list_is_no_option():
    with pytest.raises(ValueError, match='write it into a config file'):
        parse_options(
            ['model.stages=[dict(name="mine",iters=2,train=["miners","critic"]),dict(name="finetune",iters=2)]']
        )


def test_samples_of_one_generator_and_without_its_miner(experiment, game_configs, build_game, tmp_path):
    cfg = experiment(game_configs['MineGAN'](width=2), iters=2)
    networks = cfg.model.networks
    networks.generators, networks.miners = networks.generators * 2, networks.miners * 2
    model = build_game(cfg.model).eval()
    cfg.dump(tmp_path / 'config.py')
    np_file, checkpoint = tmp_path / 'images.npz', tmp_path / 'model.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    command = ['sample', str(tmp_path / 'config.py'), str(checkpoint), '-o', str(tmp_path / 'x.png')]
    command += ['--npz', str(np_file), '-n', '6', '--generator', '1']
    found = []
    for more, use_miner in (([], True), (['--no-miner'], False)):
        assert main(command + more) == 0
        with np.load(np_file) as file:
            found.append(file['images'])
        np.testing.assert_array_equal(found[-1], model.sample(6, generator_index=1, use_miner=use_miner))
    assert not np.array_equal(*found)


@pytest.mark.parametrize('option', [['--generator', '0'], ['--no-miner']])
def test_samples_of_a_generator_need_a_minegan(run, tmp_path, capsys, option):
    config, work_dir, _ = run
    assert main(['sample', str(config), str(work_dir), '-o', str(tmp_path / 'x.png'), *option]) == 2
    assert '--generator and --no-miner are for a MineGAN, not TransferGAN' in error_of(capsys)
