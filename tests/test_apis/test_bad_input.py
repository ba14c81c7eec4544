"""What is wrong is said before training starts, with its name and what would be right."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmgentransfer import registry
from mmgentransfer.apis import load_config, plan_sweep, train
from mmgentransfer.apis.checks import check_config


@pytest.fixture
def config(experiment, game_configs):
    return experiment(game_configs['TransferGAN'](width=2), iters=2)


def no_training(cfg):
    """Whether a run has left no trace of training."""
    return not list(Path(cfg.work_dir).glob('iter_*.pth')) and not (Path(cfg.work_dir) / 'metrics.jsonl').exists()


# ------------------------------------------------------------------------------------------------- types and keys


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('model.type', 'TransferGan', r"model\.type = 'TransferGan' is not registered\. Did you mean 'TransferGAN'"),
        (
            'model.networks.critic.type', 'WGANGPCritik',
            r"model\.networks\.critic\.type = 'WGANGPCritik' is not registered.*mean 'WGANGPCritic'.*custom_imports",
        ),
        ('train_cfg.type', 'GameTrainLop', r"train_cfg\.type = 'GameTrainLop'.*mean 'GameTrainLoop'"),
        ('val_evaluator.metrics.0.type', 'MeanVarianz', r"evaluator\.metrics\[0\]\.type = .*mean 'MeanVariance'"),
        ('default_hooks.checkpoint.type', 'Nothing', r"default_hooks\.checkpoint\.type = 'Nothing' is not registered"),
    ],
)  # fmt: skip
def test_unknown_type(key, value, message, config):
    config.merge_from_dict({key: value})
    with pytest.raises(registry.UnknownTypeError, match=message):
        train(config)
    assert no_training(config)


def test_failed_import_behind_an_unknown_type(config, monkeypatch):
    monkeypatch.setitem(registry._failed_imports, 'miners (my_miners)', ImportError("No module named 'torchfun'"))
    config.merge_from_dict({'model.networks.critic.type': 'OwnCritic'})
    with pytest.raises(
        registry.UnknownTypeError,
        match=r"'OwnCritic' is not registered[\s\S]*miners \(my_miners\) failed to import: ImportError\(.*torchfun",
    ):
        train(config)
    with pytest.raises(registry.UnknownTypeError, match=r"'OwnCritic' is not a registered model[\s\S]*torchfun"):
        registry.MODELS.build(dict(type='OwnCritic'))


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('modle', r"unknown config key 'modle'\. Did you mean 'model'"),
        ('trian_cfg', r"unknown config key 'trian_cfg'\. Did you mean 'train_cfg'"),
        (
            'model.networks.critic.chanel_mults',
            r"unknown config key model\.networks\.critic\.chanel_mults of WGANGPCritic\. Did you mean 'channel_mults'"
            r' .*Known: base_channels, channel_mults, image_size',
        ),
        ('model.losses.gradient_penalty.weight', r'key model\.losses\.gradient_penalty\.weight of GradientPenalty'),
        ('model.mooves', r"unknown config key model\.mooves of TransferGAN\. Did you mean 'moves'"),
        ('train_cfg.max_iter', r"key train_cfg\.max_iter of GameTrainLoop\. Did you mean 'max_iters'"),
        ('train_dataloader.batchsize', r"key train_dataloader\.batchsize\. Did you mean 'batch_size'"),
        ('train_dataloader.dataset.clases', r"train_dataloader\.dataset\.clases of Digits\. Did you mean 'classes'"),
        ('default_hooks.checkpoint.save_bst', r"default_hooks\.checkpoint\.save_bst\. Did you mean 'save_best'"),
        ('val_evaluator.metrics.0.extractr', r'key val_evaluator\.metrics\[0\]\.extractr of MeanVariance'),
        ('optim_wrapper.critic.optimizer.learning_rate', r'optim_wrapper\.critic\.optimizer\.learning_rate of Adam'),
    ],
)  # fmt: skip
def test_unknown_key(key, message, config):
    config.merge_from_dict({key: 1})
    with pytest.raises(ValueError, match=message):
        train(config)
    assert no_training(config)


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('train_cfg.val_interval', 'abc', r"train_cfg\.val_interval = 'abc' is text, but GameTrainLoop takes int"),
        ('optim_wrapper.critic.optimizer.lr', 'fast', r"critic\.optimizer\.lr = 'fast' is text, but Adam takes float "),
        ('model.losses.gradient_penalty.loss_weight', 'big', r"loss_weight = 'big' is text, but GradientPenalty"),
        ('model.networks.critic.channel_mults', '1+2', r"channel_mults = '1\+2' is text.* in a list such as \[1,2\]"),
        ('default_hooks.checkpoint.interval', 'often', r"checkpoint\.interval = 'often' is text, but Atomic"),
        ('model.moves.0.repeat', 'x', r'moves\[0\]: repeat, accumulate and every are at least 1 and whole numbers'),
        ('train_dataloader.batch_size', 'ten', r"^train_dataloader\.batch_size = 'ten' must be a whole number of 1 or"),
        ('train_dataloader.batch_size', 0, r'^train_dataloader\.batch_size = 0 must be a whole number of 1 or more'),
        ('randomness.seed', 'x', r"randomness\.seed = 'x' must be a whole number of 0 or more"),
        ('train_dataloader.dataset.classes', [12], r'^train_dataloader\.dataset\.classes=\[12\] holds \[12\]'),
    ],
)  # fmt: skip
def test_wrong_value(key, value, message, config):
    config.merge_from_dict({key: value})
    with pytest.raises(ValueError, match=message):
        train(config)
    assert no_training(config)


def test_a_sweep_is_no_experiment():
    with pytest.raises(ValueError, match=r'this is a sweep, .* mmgentransfer sweep runs it'):
        check_config(load_config('configs/minegan/digits_mining.py'))
    with pytest.raises(ValueError, match=r'digits\.py is the config of one experiment.* mmgentransfer train runs it'):
        plan_sweep('configs/minegan/digits.py')


def test_names_for_use_within_the_file(config):
    config._my_width = 3
    check_config(config)


# ------------------------------------------------------------------------------------------------------------ data


@pytest.fixture
def folder(tmp_path):
    """A folder of eight grey images."""
    path = tmp_path / 'images'
    path.mkdir()
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (8, 8), dtype=np.uint8)
        cv2.imwrite(str(path / f'{i}.png'), pixels)
    return path


def use_folder(cfg, folder):
    dataset = dict(type='ImageFolder', data_root=str(folder), image_size=8, channels=1)
    cfg.train_dataloader.dataset = cfg.val_dataloader.dataset = dataset


def test_folder_of_images(config, folder):
    """What the tests below spoil works."""
    use_folder(config, folder)
    train(config)
    assert (Path(config.work_dir) / 'iter_2.pth').is_file()


def spoil_missing(folder):
    folder.rename(folder.with_name('imagse'))


def spoil_empty(folder):
    for path in folder.iterdir():
        path.unlink()


def spoil_other_files(folder):
    for path in folder.iterdir():
        path.rename(path.with_suffix('.txt'))


def spoil_truncated(folder):
    whole = (folder / '3.png').read_bytes()
    (folder / '3.png').write_bytes(whole[: len(whole) // 2])


def spoil_text(folder):
    (folder / '5.png').write_text('no image')


@pytest.mark.parametrize(
    ('spoil', 'error', 'message'),
    [
        (spoil_missing, FileNotFoundError, r"dataset\.data_root='.*images' does not exist: .*Did you mean 'imagse'"),
        (spoil_empty, ValueError, r'dataset\.data_root: there is no image in .*images, which holds no file at all'),
        (spoil_other_files, ValueError, r'dataset\.data_root: there is no image in .*images, which holds 8 x \.txt'),
        (spoil_truncated, ValueError, r'1 of 8 images can not be used; .*\n  .*images/3\.png: '),
        (spoil_text, ValueError, r'1 of 8 images can not be used; .*\n  .*images/5\.png: '),
    ],
)
def test_bad_data(spoil, error, message, config, folder):
    spoil(folder)
    use_folder(config, folder)
    with pytest.raises(error, match=message):
        train(config)
    assert no_training(config)


def test_images_that_are_gone_by_the_time_they_are_read(config, folder):
    config.train_dataloader.dataset = dict(
        type='ImageFolder', data_root=str(folder), image_size=8, channels=1, cache='none', check='none'
    )
    (folder / '3.png').write_bytes(b'')
    config.train_dataloader.batch_size = 8
    with pytest.raises(ValueError, match=r'images/3\.png can not be used'):
        train(config)


# ------------------------------------------------------------------------------------------------- checkpoints


class Intruder:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, 'w'))


def source_missing(path, build):
    return FileNotFoundError, r"there is no checkpoint '.*source\.pth': give a \.pth file, the folder of a finished run"


def source_text(path, build):
    path.write_text('weights, honestly')
    return ValueError, r"source\.pth' is not a checkpoint"


def source_of_other_width(path, build):
    torch.save(dict(state_dict=build(4).state_dict()), path)
    return ValueError, (
        r'init_cfg\.checkpoint .*source\.pth.*into WGANGPCritic: .*differs in width; '
        r'the checkpoint does not fit the network\n'
        r'  input_conv\.weight: the checkpoint has \(4, 1, 3, 3\), the network \(2, 1, 3, 3\)'
    )


def source_without_the_network(path, build):
    state = {name: tensor for name, tensor in build(2).state_dict().items() if name.startswith('generator')}
    torch.save(dict(state_dict=state), path)
    return ValueError, r"has no weights under the prefix 'critic'; it has \['generator'\]"


def source_with_code(path, build):
    torch.save(dict(state_dict=build(2).state_dict(), extra=Intruder(str(path.with_name('trace')))), path)
    return ValueError, r'holds a Python object \(\w+\.open\) and could run code.*allow_pickle=True'


@pytest.mark.parametrize(
    'spoil', [source_missing, source_text, source_of_other_width, source_without_the_network, source_with_code]
)
def test_bad_source(spoil, config, tmp_path, build_game, game_configs):
    path = tmp_path / 'source.pth'
    error, message = spoil(path, lambda width: build_game(game_configs['TransferGAN'](width=width)))
    config.model.networks.critic.init_cfg = dict(type='TransferredWeights', checkpoint=str(path), prefix='critic')
    with pytest.raises(error, match=rf'(?s)^model\.networks\.critic.*{message}'):
        train(config)
    assert no_training(config)
    assert not (tmp_path / 'trace').exists()


# ------------------------------------------------------------------------------------------------ where it writes


def test_work_dir_is_a_file(config, tmp_path):
    (tmp_path / 'occupied').write_text('notes')
    for work_dir in (tmp_path / 'occupied', tmp_path / 'occupied' / 'run'):
        config.work_dir = str(work_dir)
        with pytest.raises(OSError, match=r"work_dir '.*occupied.*' can not be written to .*--work-dir"):
            train(config)
    assert (tmp_path / 'occupied').read_text() == 'notes'


def test_full_disk_before_training(config, monkeypatch):
    import errno

    from mmgentransfer.apis import checks

    class FullFile:
        def __enter__(self):
            return self

        def __exit__(self, *args):
            return False

        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checks.tempfile, 'TemporaryFile', lambda **kwargs: FullFile())
    with pytest.raises(OSError, match=r'can not be written to \(No space left on device\)') as caught:
        train(config)
    assert caught.value.errno == errno.ENOSPC


# ------------------------------------------------------------------------------------------------ missing weights


def test_missing_inception_weights(config, tmp_path, monkeypatch, capfd):
    """The run says what to put where, and goes on with the metrics that need no weights."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    monkeypatch.setattr(torch.hub, '_hub_dir', None)
    config.val_evaluator = dict(
        type='GenerationEvaluator',
        extractors=dict(inception=dict(type='InceptionFeatures')),
        metrics=[
            dict(type='FID', extractor='inception'),
            dict(type='KID', extractor='inception'),
            dict(type='MeanVariance'),
        ],
    )
    metrics = train(config)
    assert metrics.keys() == {'mv', 'mv_ratio'}
    log = ''.join(capfd.readouterr())
    notice = next(line for line in log.splitlines() if 'Inception' in line)
    assert "extractor 'inception' is not available, left out: FID, KID" in notice
    assert f'pt_inception-2015-12-05-6726825d.pth is not in {tmp_path}/torch/hub/checkpoints: put' in notice
    assert log.index(notice) < log.index("stage 'train'"), 'it is said at the start'
