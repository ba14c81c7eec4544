"""What mix and match networks refuse before any training."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch
from mmnets_toys import OFF, SETS, STAGES, mmnets_config, mmnets_experiment

from mmgentransfer.apis import dry_run
from mmgentransfer.cli_errors import plain_warnings
from mmgentransfer.datasets import AlignedDataset, DisjointSets, ToyScenes
from mmgentransfer.registry import DATASETS, MODELS

# ---------------------------------------------------------------------------------------------- models


def change(config, path, value):
    """Sets one entry of a nested config; None removes it."""
    config = copy.deepcopy(config)
    *parents, last = path.split('.')
    node = config
    for key in parents:
        node = node[int(key)] if isinstance(node, list) else node[key]
    last = int(last) if isinstance(node, list) else last
    if value is None:
        del node[last]
    else:
        node[last] = value
    return config


NEVER = dict(STAGES[0], loss_weights=dict(OFF, rgb=1, adversarial=0))


@pytest.mark.parametrize(
    ('path', 'value', 'message'),
    [
        ('networks.encoders.depth.in_channels', 3, r"encoders.depth.in_channels is 3, but the modality 'depth' has 1"),
        ('networks.decoders.segmentation.out_channels', 4, 'decoders.segmentation.out_channels is 4'),
        (
            'networks.encoders.depth.stage_channels',
            (4, 8),
            r'encoders.rgb.stage_channels is \(4, 6\), that of .*encoders.depth \(4, 8\)',
        ),
        ('networks.decoders.rgb.stage_channels', (8, 6), r'decoders.rgb.stage_channels is \(8, 6\)'),
        ('networks.decoders.depth', None, r"model.networks.decoders are \['rgb', 'segmentation'\]"),
        ('networks.discriminators', dict(rbg=dict(type='RGBDiscriminator')), "'rbg'.*Did you mean 'rgb'"),
        ('losses.depth', None, r"model.losses lacks \['depth'\]"),
        ('losses.adversarial', None, "names 'adversarial'|lacks 'adversarial'"),
        ('losses.latent', dict(type='LatentConsistencyLoss', levels=['pool3']), "'pool3', but the encoders have 2"),
        ('modalities.thermal', dict(type='MapModality'), "model.modalities are .*'thermal'"),
        ('graph.sets', dict(RS=['rgb', 'segmentation'], RT=['rgb', 'thermal']), 'every modality must be in a set'),
        ('graph.achnor', 'rgb', 'achnor'),
        ('noise_mode', 'uniform', "noise_mode must be 'gaussian' or 'abs'"),
        ('noise_on', ['rbg'], "model.noise_on names 'rbg'.*Did you mean 'rgb'"),
        ('fusion', dict(alhpa=0.2), 'model.fusion.*alhpa'),
        ('fusion', dict(alpha=2), r'model.fusion.alpha is a weight in \[0, 1\], got 2'),
        ('fusion', dict(indices_from='nir'), "model.fusion.indices_from names 'nir'"),
        ('stages.1.settings', dict(nosie=0.5), "settings names 'nosie'.*Did you mean 'noise'"),
        ('stages.1.settings', dict(noise=-0.5), r'model.stages\[1\].settings.noise is a standard deviation'),
        ('stages.1.freeze', ['encoders.rbg'], "freeze names 'encoders.rbg'.*Did you mean 'encoders.rgb'"),
        ('stages.0', NEVER, r'model.stages\[0\] trains the discriminators, but the weight'),
        ('moves.1.accumulate', 2, 'repeat and accumulate must be 1'),
    ],
)
def test_impossible_models(path, value, message):
    config = mmnets_config()
    if path == 'losses.adversarial':
        config['stages'] = None
    with pytest.raises(ValueError, match=message):
        MODELS.build(change(config, path, value))


# ---------------------------------------------------------------------------------------------- data


@DATASETS.register_module(force=True)
class WrongScenes(AlignedDataset):
    """Scenes with something wrong in every sample."""

    def __init__(self, wrong, num_scenes=16, image_size=16):
        self.scenes = ToyScenes(num_scenes, image_size=image_size)
        self.wrong = wrong
        super().__init__(self.scenes.modalities, num_scenes)

    def load(self, indices, modalities):
        values = self.scenes.load(indices, modalities)
        if self.wrong == 'millimetres' and 'depth' in values:
            values['depth'] = 1000 * values['depth']
        if self.wrong == 'nan' and 'depth' in values:
            values['depth'][0, 0, 3, 3] = torch.nan
        if self.wrong == 'labels' and 'segmentation' in values:
            values['segmentation'][-1, 0, 0] = 5
        if self.wrong == 'grey' and 'rgb' in values:
            values['rgb'] = values['rgb'][:, :1]
        return values


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_dataloader.dataset.sets': dict(RS=['rgb', 'segmentation'])}, "'RD' is .* in the graph and None in"),
        ({'train_dataloader.dataset.sets.RD': ['rgb', 'segmentation']}, r"'RD' is \['rgb', 'depth'\] in the graph and"),
        ({'train_dataloader.dataset.sets.RX': ['rgb', 'depth']}, "'RX' is None in the graph"),
        ({'train_dataloader.dataset': dict(_delete_=True, type='ToyScenes', num_scenes=9)}, 'has no sets'),
        ({'train_dataloader.dataset.dataset.image_size': 18}, r"set 'R.' is 18 x 18; .* multiples of 4"),
        ({'model.data_preprocessor.crop_size': 15}, r'is 15 x 15; .* multiples of 4'),
        ({'model.data_preprocessor.crop_size': 20}, 'crop_size=20 is larger than the samples, 16 x 16'),
        ({'val_dataloader.dataset.image_size': 18}, 'val_dataloader.dataset: rgb is 18 x 18'),
        ({'val_dataloader.dataset.modalities': ['rgb', 'depth']}, "D2S needs 'segmentation'"),
        ({'val_cfg.tasks.0.source': ['dept']}, "D2S names 'dept'"),
        ({'val_cfg.tasks.3.source': ['segmentation', 'depth']}, "RD2S: fusing .* without the anchor 'rgb'"),
        ({'val_cfg.tasks.3.alpha': 3}, r'RD2S: alpha is a weight'),
        ({'val_cfg.tasks.1.name': 'D2S'}, 'names must differ'),
        ({'val_cfg.tasks.1.traget': 'depth'}, r"val_cfg.tasks\[1\].* unknown \['traget'\]"),
        ({'val_evaluator.metrics': [dict(type='MIoU')]}, "none for 'depth', the target of the task 'S2D'"),
        ({'val_evaluator.metrics.0.modality': 'depth'}, "MIoU.modality='depth' must be one .* that has classes"),
        ({'val_evaluator.metrics.1.modality': 'deepth'}, "DepthError.modality is 'deepth'.*Did you mean 'depth'"),
        ({'val_evaluator.metrics.3.pairs': [['rgb', 'x']]}, "AlignmentFactor.pairs names 'x'"),
    ],
)
def test_impossible_experiments(tmp_path, options, message):
    cfg = mmnets_experiment(tmp_path / 'run')
    for key, value in options.items():
        cfg.merge_from_dict({key: value})
        if isinstance(value, dict) and '_delete_' not in value:
            cfg.train_dataloader.dataset.sets = value
    with pytest.raises(ValueError, match=message):
        dry_run(cfg)
    assert not list((tmp_path / 'run').glob('*.pth'))


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        ('labels', r"train_dataloader.dataset: segmentation of the set 'RS': .* labels \[5\]; classes are 0 to 4"),
        ('nan', "depth of the set 'RD': some values are not finite"),
        ('grey', r"rgb of the set 'RD': expected float maps \(N, 3, H, W\), got .* \(8, 1, 16, 16\)"),
    ],
)
def test_unusable_samples(build_game, wrong, message):
    data = DisjointSets(WrongScenes(wrong), SETS)
    with pytest.raises(ValueError, match=message):
        build_game(mmnets_config()).check_dataset(data)


def test_depth_in_millimetres_is_doubted(build_game):
    model = build_game(mmnets_config())
    with pytest.warns(UserWarning, match=r'depth has a median of \d{4} and goes from [\d.]+ to \d+'):
        model.check_dataset(DisjointSets(WrongScenes('millimetres'), SETS))


@pytest.mark.filterwarnings('always:depth has')
def test_depth_to_translate_in_millimetres_is_doubted_once(build_game, recwarn):
    model = build_game(mmnets_config())
    for value in (2000, 2100.5):
        model.translate({'depth': np.full((16, 16), value, np.float32)}, target='segmentation')
    with plain_warnings():
        shown = [warnings.formatwarning(w.message, w.category, w.filename, w.lineno) for w in recwarn]
    assert shown == [
        'warning: depth has a median of 2000 and goes from 2000 to 2000; it should be in metres, and these look like '
        'millimetres: set scale=0.001 of the DepthReader (translate: --depth-scale 0.001)\n',
        '',
    ]


def test_good_data_raise_no_doubt(build_game, recwarn):
    model = build_game(mmnets_config())
    model.check_dataset(DisjointSets(WrongScenes(None), SETS))
    model.check_dataset(ToyScenes(5, image_size=16, split='test'), 'val_dataloader')
    assert not recwarn.list


def test_configs_that_are_right_pass(tmp_path):
    assert 'encoders' in dry_run(mmnets_experiment(tmp_path / 'run'))
