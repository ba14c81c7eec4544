"""Using a trained model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mmgentransfer.apis import init_model, train


@pytest.fixture
def trained(experiment, game_configs):
    cfg = experiment(game_configs['MineGAN'](width=2), iters=5)
    cfg.custom_hooks = [dict(type='EMAHook', networks=['miners', 'generators'], momentum=0.5)]
    train(cfg)
    return cfg


def test_a_trained_model(trained):
    checkpoint = Path(trained.work_dir) / 'iter_5.pth'
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    config_file = Path(trained.work_dir) / 'config.py'
    trained.dump(config_file)
    images = []
    # config as an object, as a file, and as the checkpoint has it; checkpoint as a file and as the folder of the run
    for config, source in ((trained, checkpoint), (config_file, trained.work_dir), (None, checkpoint)):
        model = init_model(config, str(source))
        assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
        assert not any(module.training for module in model.modules())
        images.append(model.sample(3, seed=1))
    assert images[0].shape == (3, 8, 8, 1)
    assert images[0].dtype == np.uint8
    for other in images[1:]:
        np.testing.assert_array_equal(other, images[0])
    assert not np.array_equal(model.sample(3, seed=1, which='live'), images[0])


def test_without_a_checkpoint_it_is_the_starting_point(experiment, game_configs, build_game, tmp_path):
    source = build_game(game_configs['TransferGAN'](width=2), seed=5)
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'source.pth')
    config = game_configs['MineGAN'](width=2)
    config['networks']['generators'][0]['init_cfg'] = dict(
        type='TransferredWeights', checkpoint=str(tmp_path / 'source.pth'), prefix='generator'
    )
    model = init_model(experiment(config))
    np.testing.assert_array_equal(model.sample(3, seed=2, use_miner=False), source.sample(3, seed=2))


def test_building_a_trained_model_does_not_need_its_source(trained):
    """A run's checkpoint is enough: where it started from may be gone."""
    cfg = trained.copy()
    cfg.model.networks.generators[0]['init_cfg'] = dict(type='TransferredWeights', checkpoint='gone.pth')
    init_model(cfg, cfg.work_dir).sample(1)
    with pytest.raises(FileNotFoundError, match='gone'):
        init_model(cfg)


def test_a_checkpoint_of_another_model(trained, experiment, game_configs):
    wider = experiment(game_configs['MineGAN'](width=4))
    with pytest.raises(
        ValueError,
        match=r'does not fit the config\n  critic\.input_conv\.weight: the checkpoint has \(2, 1, 3, 3\), the config '
        r'\(4, 1, 3, 3\)',
    ):
        init_model(wider, trained.work_dir)
    other = experiment(game_configs['TransferGAN'](width=2))
    with pytest.raises(ValueError, match=r'does not fit the config: it holds a MineGAN, and the config is of a Trans'):
        init_model(other, trained.work_dir)
    state = torch.load(Path(trained.work_dir) / 'iter_5.pth', weights_only=True)['state_dict']
    bare = {name: tensor for name, tensor in state.items() if not name.startswith('ema.')}
    torch.save(bare, Path(trained.work_dir) / 'bare.pth')
    with pytest.raises(
        ValueError, match=r'missing in the checkpoint: generator\.[\s\S]*unknown to the config: miners\.'
    ):
        init_model(other, str(Path(trained.work_dir) / 'bare.pth'))


def test_nothing_to_build():
    with pytest.raises(ValueError, match='needs a config, a checkpoint, or both'):
        init_model(None)


def test_missing_files(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no config '.*no\.py'"):
        init_model(tmp_path / 'no.py')
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint '.*no\.pth'"):
        init_model(trained, str(tmp_path / 'no.pth'))
