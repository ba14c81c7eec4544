"""Pixels to floats and back."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.preprocessor import ImagePreprocessor
from mmgentransfer.models.step_random import StepRandom


def test_value_range():
    levels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    symmetric = ImagePreprocessor()(dict(images=levels))['images']
    unit = ImagePreprocessor(value_range=(0, 1))(dict(images=levels))['images']
    torch.testing.assert_close(symmetric.flatten(), torch.tensor([-1.0, -0.6, 1.0]))
    torch.testing.assert_close(unit.flatten(), torch.tensor([0.0, 0.2, 1.0]))
    assert symmetric.dtype == torch.float32


@pytest.mark.parametrize('value_range', [(-1.0, 1.0), (0.0, 1.0), (-0.5, 2.0)])
def test_every_level_survives_the_round_trip(value_range):
    preprocessor = ImagePreprocessor(value_range=value_range)
    levels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(preprocessor.to_uint8(preprocessor(dict(images=levels))['images']), levels)


def test_to_uint8_rounds_and_clamps():
    images = torch.tensor([-1.5, -1.0, -1 + 0.49 * 2 / 255, -1 + 0.51 * 2 / 255, 1.0, 7.0])
    assert ImagePreprocessor().to_uint8(images).tolist() == [0, 0, 0, 1, 255, 255]


def test_other_tensors_pass_unchanged():
    floats, labels = torch.rand(2, 1, 2, 2), torch.tensor([3, 4])
    out = ImagePreprocessor()(dict(images=floats, labels=labels))
    assert torch.equal(out['images'], floats)
    assert torch.equal(out['labels'], labels)


def test_input_is_left_as_it_is():
    images = torch.randint(0, 256, (4, 1, 2, 2), dtype=torch.uint8)
    floats = torch.rand(4, 1, 2, 2)
    copies = images.clone(), floats.clone()
    ImagePreprocessor(flip=1.0)(dict(images=images, depth=floats), training=True, random=StepRandom(0))
    assert torch.equal(images, copies[0])
    assert torch.equal(floats, copies[1])


def test_flips_whole_images_and_all_their_modalities():
    images = torch.arange(64 * 4, dtype=torch.uint8).view(64, 1, 1, 4)
    depth = images.float()
    labels = torch.arange(64)
    out = ImagePreprocessor(value_range=(0, 255), flip=0.5)(
        dict(images=images, depth=depth, labels=labels), training=True, random=StepRandom(1)
    )
    expected = StepRandom(1).uniform(64) < 0.5
    assert 10 < expected.sum() < 54
    for i in range(64):
        wanted = depth[i].flip(-1) if expected[i] else depth[i]
        assert torch.equal(out['images'][i], wanted)
        assert torch.equal(out['depth'][i], wanted)
    assert torch.equal(out['labels'], labels)


@pytest.mark.parametrize(('flip', 'training'), [(0.5, False), (0.0, True)])
def test_no_flip_without_training_or_probability(flip, training):
    images = torch.rand(32, 1, 1, 4)
    out = ImagePreprocessor(flip=flip)(dict(images=images), training=training, random=StepRandom(1))
    assert torch.equal(out['images'], images)


def test_certain_flip():
    images = torch.rand(8, 1, 1, 4)
    out = ImagePreprocessor(flip=1.0)(dict(images=images), training=True, random=StepRandom(1))
    assert torch.equal(out['images'], images.flip(-1))


def test_flipping_needs_the_random_numbers_of_the_step():
    with pytest.raises(ValueError, match='random numbers of the step'):
        ImagePreprocessor(flip=0.5)(dict(images=torch.rand(1, 1, 2, 2)), training=True)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(value_range=(1, 1)), r'model\.data_preprocessor\.value_range must increase, got \(1, 1\)'),
        (dict(flip=1.5), r'model\.data_preprocessor\.flip is a probability in \[0, 1\], got 1\.5'),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ImagePreprocessor(**kwargs)


def test_random_crops_are_parts_of_the_images_and_alike_for_an_item():
    preprocessor = ImagePreprocessor(random_crop=4)
    pixels = torch.arange(36, dtype=torch.uint8).view(1, 1, 6, 6).expand(64, 1, 6, 6)
    data = dict(images=pixels, masks=pixels, labels=torch.zeros(64, dtype=torch.int64))
    found = preprocessor(data, training=True, random=StepRandom(0))
    assert torch.equal(found['images'], found['masks'])
    assert found['images'].shape == (64, 1, 4, 4)
    levels = ((found['images'] + 1) * 127.5).round().long()
    first = levels[:, 0, 0, 0]
    assert set(first.tolist()) == {6 * row + column for row in range(3) for column in range(3)}
    assert torch.equal(levels - first[:, None, None, None], levels[:1] - first[0].expand(64, 1, 1, 1))
    assert preprocessor(data)['images'].shape == (64, 1, 6, 6)
    assert torch.equal(found['images'], preprocessor(data, training=True, random=StepRandom(0))['images'])


def test_crops_that_images_are_too_small_for():
    with pytest.raises(ValueError, match='random_crop=8 needs'):
        ImagePreprocessor(random_crop=8)(
            dict(images=torch.zeros(1, 3, 6, 6, dtype=torch.uint8)), training=True, random=StepRandom(0)
        )
    with pytest.raises(ValueError, match='random_crop=0'):
        ImagePreprocessor(random_crop=0)


def test_images_without_pairs_are_cut_and_flipped_each_for_itself():
    pixels = torch.arange(36, dtype=torch.uint8).view(1, 1, 6, 6).expand(64, 1, 6, 6)
    for options in (dict(flip=0.5), dict(random_crop=4)):
        found = ImagePreprocessor(alike=False, **options)(
            dict(apple=pixels, orange=pixels), training=True, random=StepRandom(0)
        )
        same = (found['apple'] == found['orange']).flatten(1).all(1)
        assert 0 < same.sum() < 48


# ---------------------------------------------------------------------- parts of images

ZOOM = dict(probability=0.5, scale=(0.8, 1.0), ratio=(0.9, 1.1))


def test_zoomed_parts_have_the_areas_and_proportions_asked_for():
    size = 40
    rows, columns = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing='ij')
    maps = torch.stack([rows, columns]).expand(4000, 2, size, size)  # each value tells where it is
    out = ImagePreprocessor(random_crop=20, zoom=ZOOM)(dict(images=maps), training=True, random=StepRandom(0))['images']
    assert out.shape == (4000, 2, 20, 20)
    middle = slice(5, 15)  # the border repeats what lies outside
    height = (out[:, 0, 14, 10] - out[:, 0, 5, 10]) / 9 * 20
    width = (out[:, 1, 10, 14] - out[:, 1, 10, 5]) / 9 * 20
    area, ratio = height * width / size**2, width / height
    whole = (height - size).abs() + (width - size).abs() < 1e-2
    assert 0.45 < whole.float().mean() < 0.58  # where no box fits, all is taken as well
    torch.testing.assert_close(out[whole][0], torch.nn.functional.interpolate(maps[:1], size=20, mode='bilinear')[0])
    assert area.min() > 0.799
    assert area.max() < 1.001
    assert 0.899 < ratio.min() < 0.91
    assert 1.09 < ratio.max() < 1.101
    steps = out[:, 0, middle, 10].diff(dim=1)
    torch.testing.assert_close(steps, steps[:, :1].expand_as(steps), rtol=1e-3, atol=1e-3)
    top = (out[:, 0, 5, 10] - 5.5 * height / 20)[~whole]
    assert top.min() > -1e-2
    assert (top + height[~whole]).max() < size + 1e-2
    assert top.std() > 0.5


def test_zoomed_bytes_stay_bytes_of_their_images():
    images = torch.full((8, 3, 12, 12), 255, dtype=torch.uint8)
    preprocessor = ImagePreprocessor(random_crop=8, zoom=ZOOM)
    data = dict(images=images, labels=torch.arange(8))
    out = preprocessor(data, training=True, random=StepRandom(0))
    assert torch.equal(out['images'], torch.ones(8, 3, 8, 8))
    assert torch.equal(out['labels'], data['labels'])
    assert preprocessor(data)['images'].shape == (8, 3, 12, 12)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(zoom=ZOOM), 'needs random_crop'),
        (dict(zoom=dict(scale=(0.8, 1.0)), random_crop=8), 'the keys probability, scale and ratio'),
        (dict(zoom=ZOOM | dict(scale=(0.8, 1.2)), random_crop=8), 'shares in'),
        (dict(zoom=ZOOM | dict(ratio=(1.1, 0.9)), random_crop=8), 'increasing'),
    ],
)
def test_zooms_that_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ImagePreprocessor(**options)
