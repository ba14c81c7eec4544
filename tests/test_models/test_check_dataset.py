"""Images, networks and labels that don't go together are found before training."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmgentransfer.apis import dry_run


@pytest.fixture
def refused(experiment):
    """Checks that a dry run of a model on digits is refused with the message; None: that it is not."""

    def check(model, message, **dataset):
        cfg = experiment(model, iters=5)
        cfg.train_dataloader.dataset.update(dataset)
        if message is None:
            dry_run(cfg)
            return
        with pytest.raises(ValueError, match=message):
            dry_run(cfg)
        assert not list(Path(cfg.work_dir).glob('*.pth'))

    return check


def test_images_of_another_resolution(refused, game_configs):
    refused(game_configs['MineGAN'](width=2), None)
    refused(
        game_configs['MineGAN'](width=2),
        r'train_dataloader\.dataset \(1, 16, 16\), model\.networks\.critic \(1, 8, 8\), '
        r'model\.networks\.generators \(1, 8, 8\); set image_size',
        image_size=16,
    )


def test_networks_of_different_channels(refused, game_configs):
    config = game_configs['TransferGAN'](width=2)
    config['networks']['generator']['out_channels'] = 3
    refused(config, r'dataset \(1, 8, 8\), model\.networks\.critic \(1, 8, 8\), model\.networks\.generator \(3, 8, 8\)')


def test_generators_of_different_channels(refused, game_configs):
    config = game_configs['MineGAN'](width=2)
    networks = config['networks']
    generator = networks['generators'][0]
    networks.update(generators=[generator, dict(generator, out_channels=3)], miners=networks['miners'] * 2)
    refused(
        config, r'generators\[1\] makes images of the shape \(3, 8, 8\), model\.networks\.generators\[0\] of \(1, 8'
    )


def with_classes(config, num_classes=3):
    for name, options in (('generator', dict(cond_mode='bnorm')), ('critic', {})):
        config['networks'][name].update(num_classes=num_classes, **options)
    config['losses'].update(
        critic_class=dict(type='AuxiliaryClassifierLoss'), generator_class=dict(type='AuxiliaryClassifierLoss')
    )
    return config


def test_labels(refused, game_configs):
    config = with_classes(game_configs['TransferGAN'](width=2))
    three = dict(classes=[5, 6, 9], num_images=30, labelled=True)
    refused(config, None, **three, relabel=True)
    refused(config, r'labels from 5 to 9, but the model has 3 classes, 0 to 2: .* relabel=True of Digits', **three)
    refused(config, r'3 classes, but the images of train_dataloader\.dataset have no labels', classes=[5, 6, 9])


def test_digits_that_are_none(refused, game_configs):
    refused(game_configs['TransferGAN'](width=2), r'dataset\.classes=\[3, 12\] holds \[12\]: digits', classes=[3, 12])


def test_noise_of_another_size(refused, game_configs):
    config = game_configs['MineGAN'](width=2)
    config['networks']['generators'][0]['noise_size'] = 16
    refused(config, r'miners\[0\] ends in 32 features, .* noise_size=16: the last of the miner.s dims must be 16')
