"""Values of modalities, and one geometry for all of a sample."""

from __future__ import annotations

import pytest
import torch
from mmnets_toys import aligned_samples, mmnets_config

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS


def preprocess(samples, **options):
    preprocessor = MODELS.build(dict(type='ModalityPreprocessor', **options))
    return preprocessor(samples, training=True, random=StepRandom(0))


def test_values(build_game):
    samples = aligned_samples()
    values = build_game(mmnets_config()).data_preprocessor(samples)
    assert torch.allclose(values['rgb'], samples['rgb'] / 127.5 - 1, atol=1e-6)
    assert torch.equal(values['depth'], samples['depth'])
    assert values['segmentation'].dtype == torch.int64
    assert torch.equal(values['segmentation'], samples['segmentation'].long())
    grey = dict(nir=torch.tensor([[[[0, 255]]]], dtype=torch.uint8))
    assert preprocess(grey)['nir'].tolist() == [[[[0, 1]]]]


def test_range_of_a_map_is_that_of_its_modality(build_game):
    sets = dict(RN=['rgb', 'nir'])
    config = mmnets_config(sets, stages=None)
    config['modalities']['nir'] = dict(type='MapModality', value_range=(-1, 3))
    model = build_game(config)
    grey = torch.tensor([[[[0, 255]]]], dtype=torch.uint8)
    assert model.data_preprocessor(dict(nir=grey))['nir'].tolist() == [[[[-1, 3]]]]
    assert model.modalities['nir'].from_pixels(grey[:, 0]).tolist() == [[[[-1, 3]]]]


@pytest.mark.parametrize('options', [dict(flip=1.0), dict(flip=1.0, scale=(1.0, 1.0)), dict(flip=1.0, crop_size=16)])
def test_a_flip_is_the_same_for_all_modalities(options):
    samples = aligned_samples()
    got, plain = preprocess(samples, **options), preprocess(samples)
    for name, value in got.items():
        torch.testing.assert_close(value, plain[name].flip(-1), atol=1e-5, rtol=0)


def test_some_samples_are_flipped():
    samples = aligned_samples(64)
    got, plain = preprocess(samples, flip=0.5), preprocess(samples)
    flipped = {name: (got[name] != plain[name]).flatten(1).any(1) for name in ('rgb', 'depth')}
    assert torch.equal(flipped['rgb'], flipped['depth'])
    assert 20 < flipped['rgb'].sum() < 44


def test_shrinking_pads_each_modality_with_its_missing_value():
    samples = aligned_samples()
    got = preprocess(samples, scale=(0.5, 0.5))
    assert (got['segmentation'][:, :3] == 255).all()
    assert (got['depth'][..., :3] == 0).all()
    assert torch.allclose(got['rgb'][:, :, :3], torch.tensor(-1.0))
    inner = got['segmentation'][:, 4:12, 4:12]
    assert ((inner < 5) & (inner >= 0)).all()
    # the nearest of labels and depth is the same pixel
    labels, depth = samples['segmentation'].long(), samples['depth'][:, 0]
    pairs = {(a, round(b, 5)) for a, b in zip(labels.flatten().tolist(), depth.flatten().tolist(), strict=True)}
    moved = zip(inner.flatten().tolist(), got['depth'][:, 0, 4:12, 4:12].flatten().tolist(), strict=True)
    assert {(a, round(b, 5)) for a, b in moved} <= pairs


def test_a_crop_is_the_same_place_for_all_modalities():
    samples = aligned_samples(8)
    whole, got = preprocess(samples), preprocess(samples, crop_size=8)
    places = set()
    for i in range(8):
        windows = [
            (y, x)
            for y in range(9)
            for x in range(9)
            if torch.equal(whole['segmentation'][i, y : y + 8, x : x + 8], got['segmentation'][i])
            and torch.equal(whole['depth'][i, :, y : y + 8, x : x + 8], got['depth'][i])
        ]
        places.update(windows)
        assert windows
    assert len(places) > 3


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(flip=2), r'flip is a probability'), (dict(scale=(1.1, 0.9)), 'scale must be a range')],
)
def test_impossible_augmentation(options, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='ModalityPreprocessor', **options))
