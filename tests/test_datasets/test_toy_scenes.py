"""Rendered scenes: what is where, aligned in all modalities, and the same for the same index."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmgentransfer.datasets import ToyScenes
from mmgentransfer.datasets.embedded import toy_scenes
from mmgentransfer.datasets.embedded.toy_scenes import INFRARED, PALETTE, SCENE_CLASSES, render_scenes

SIDE = 32


@pytest.fixture(scope='module')
def scenes():
    return render_scenes(range(200), SIDE)


def rendered_by_hand(monkeypatch, scene, objects, shapes=('disc', 'box', 'triangle'), noise=0.0):
    """Renders one scene of these random numbers: horizon, wall, number of objects, light; and those of each object.

    An object's are distance, radius, column, row and shape, of [0, 1). The colours have no jitter.
    """
    count = len(objects)

    def numbers(indices, seed, num, side):
        uniform = np.full((1, num), 0.5, np.float32)  # jitter 0
        uniform[0, :4] = scene
        for place, values in enumerate(objects):
            start = num - count * toy_scenes.NUMBERS + place * toy_scenes.NUMBERS
            uniform[0, start : start + 5] = values
        return uniform, np.full((1, 3, side, side), noise, np.float32), np.zeros((1, side, side), np.float32)

    monkeypatch.setattr(toy_scenes, '_random', numbers)
    made = render_scenes([0], SIDE, shapes=shapes, num_objects=(count, count))
    return {name: values[0] for name, values in made.items()}


# ---------------------------------------------------------------------------------------------- what is where


def test_types_and_ranges(scenes):
    assert {name: (x.shape, x.dtype) for name, x in scenes.items()} == dict(
        rgb=((200, 3, SIDE, SIDE), np.uint8),
        depth=((200, 1, SIDE, SIDE), np.float32),
        segmentation=((200, SIDE, SIDE), np.uint8),
        nir=((200, 1, SIDE, SIDE), np.uint8),
    )
    assert set(np.unique(scenes['segmentation'])) == {0, 1, 2, 3, 4}
    assert 0.85 < scenes['depth'].min() < 1.3, 'the nearest disc stands 0.6 m before 1.5 m'
    assert 5.5 < scenes['depth'].max() < 6


def test_wall_and_floor(scenes):
    """The wall has one depth of 4 to 6 m down to the horizon; from there the floor comes up to 1.5 m."""
    depth, labels = scenes['depth'][:, 0], scenes['segmentation']
    horizons = set()
    for z, y in zip(depth, labels, strict=True):
        wall = z[y == 0]
        assert wall.min() == wall.max()
        assert 4 <= wall[0] <= 6
        horizon = np.flatnonzero((y == 1).any(1))[0]
        horizons.add(horizon)
        assert not (y[horizon:] == 0).any()
        rows = np.arange(SIDE)[:, None].repeat(SIDE, 1)
        along = (rows - horizon) / (SIDE - 1 - horizon)
        expected = wall[0] + along * (1.5 - wall[0])
        assert np.allclose(z[y == 1], expected[y == 1], atol=1e-5)
    assert horizons <= set(range(12, 20))
    assert {12, 19} <= horizons


def test_shapes_by_hand(monkeypatch):
    """Each object alone in the middle, 8 pixels in radius, at 3 m: the surface of a disc bulges, a triangle leans."""
    middle = (0.6, (8 / SIDE - 0.12) / 0.12, 0.5, 0.5)  # (1.5 + 2.5 * 0.6) m; the centre is at 15.5, 15.5
    at = np.indices((SIDE, SIDE)) - 15.5
    y, x = at / 8
    expected = {
        0: (x**2 + y**2 < 1, 3 - 0.6 * np.sqrt(np.clip(1 - x**2 - y**2, 0, None))),
        1: ((abs(x) < 0.85) & (abs(y) < 0.85), np.full_like(x, 3)),
        2: ((y > -1) & (y < 0.8) & (abs(x) < (y + 1) / 1.8), 3 + 0.3 * y),
    }
    for kind, (inside, surface) in expected.items():
        made = rendered_by_hand(monkeypatch, (0, 0.5, 0, 0.75), [(*middle, kind / 3 + 0.1)])
        assert np.array_equal(made['segmentation'] == 2 + kind, inside), kind
        assert np.allclose(made['depth'][0][inside], surface[inside], atol=1e-4), kind
        assert 30 < inside.sum() < 220


def test_the_nearer_object_hides_the_farther(monkeypatch):
    near, far = (0.2, 0.3, 0.5, 0.5, 0.5), (0.8, 0.9, 0.5, 0.5, 0.1)  # a small box at 2 m, a larger disc at 3.5 m
    one, other = (rendered_by_hand(monkeypatch, (0, 0.5, 0, 0.75), objects) for objects in ([near, far], [far, near]))
    for name, values in one.items():
        assert np.array_equal(values, other[name]), name
    labels, depth = one['segmentation'], one['depth'][0]
    assert labels[15, 15] == 3
    assert depth[15, 15] == pytest.approx(2)
    assert {2, 3} < set(np.unique(labels))
    assert depth[labels == 2].min() > 2.8


def test_colours_and_infrared_follow_class_light_and_depth(monkeypatch):
    box = (0.2, 0.9, 0.5, 0.5, 0.5)
    made = rendered_by_hand(monkeypatch, (0, 0.5, 0, 0.75), [box])  # a wall at 5 m, light 0.7 + 0.4 * 0.75 = 1
    for row, column, label, depth in ((0, 0, 0, 5.0), (15, 15, 3, 2.0)):
        assert made['segmentation'][row, column] == label
        assert made['depth'][0, row, column] == pytest.approx(depth)
        shading = 1.15 - 0.08 * depth
        assert made['rgb'][:, row, column].tolist() == np.rint(255 * PALETTE[label] * shading).tolist()
        assert made['nir'][0, row, column] == np.rint(255 * INFRARED[label] * shading)
    noisy = rendered_by_hand(monkeypatch, (0, 0.5, 0, 0.75), [box], noise=1.0)
    assert abs(noisy['rgb'].astype(int) - made['rgb'] - 0.04 * 255).max() < 1


def test_a_class_has_one_colour_in_a_scene_and_others_in_others(scenes):
    """Jitter is of a scene and class; pixels of it differ by depth and noise alone."""
    of_disc = []
    for image, labels in zip(scenes['rgb'], scenes['segmentation'], strict=True):
        pixels = image[:, labels == 2] / 255
        if pixels.shape[1] > 40:
            assert pixels.std(1).max() < 0.09
            of_disc.append(pixels.mean(1))
    assert np.std(of_disc, axis=0).min() > 0.05
    assert np.argmax(np.mean(of_disc, axis=0)) == 0, 'red'


def test_every_kind_of_object_and_clutter():
    kinds = SCENE_CLASSES[2:]
    made = render_scenes(range(40), 64, shapes=kinds)
    found, counts = np.unique(made['segmentation'], return_counts=True)
    assert found.tolist() == list(range(8))
    assert counts.min() > 100

    def borders(labels):
        return (labels[:, 1:] != labels[:, :-1]).mean()

    cluttered = render_scenes(range(40), 64, shapes=kinds, clutter=8)
    assert borders(cluttered['segmentation']) > 1.3 * borders(made['segmentation'])


# ---------------------------------------------------------------------------------------------- indices


def test_a_scene_depends_on_its_index_alone(scenes, monkeypatch):
    assert len({x.tobytes() for x in scenes['depth']}) == 200
    monkeypatch.setattr(toy_scenes, 'CHUNK', 3)
    some = render_scenes([150, 7, 0, 199], SIDE)
    for name, values in some.items():
        assert np.array_equal(values, scenes[name][[150, 7, 0, 199]]), name


def test_sets_of_any_length_have_the_same_scenes():
    short, long = ToyScenes(3), ToyScenes(9)
    for name, values in short.load([0, 2], short.modalities).items():
        assert torch.equal(values, long.load([0, 2], [name])[name]), name
    assert len(long) == 9
    assert {name: tuple(x.shape) for name, x in long[4].items()} == dict(
        rgb=(3, 32, 32), depth=(1, 32, 32), segmentation=(32, 32)
    )


def test_splits_and_seeds_share_no_scene():
    sets = [ToyScenes(50, split=split, seed=seed) for seed in (0, 1) for split in ('train', 'test')]
    depths = [x.numpy().tobytes() for data in sets for x in data.load(range(50), ['depth'])['depth']]
    assert len(set(depths)) == 200


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(split='val'), "dataset.split='val' is unknown"),
        (dict(shapes=['disk']), "dataset.shapes has 'disk'.*Did you mean 'disc'"),
        (dict(modalities=['rgb', 'thermal']), "dataset.modalities has 'thermal'"),
        (dict(num_scenes=0), 'num_scenes=0'),
        (dict(image_size=8), 'image_size=8'),
        (dict(num_objects=(3, 2)), r'num_objects=\(3, 2\)'),
        (dict(clutter=-1), 'clutter=-1'),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        ToyScenes(**(dict(num_scenes=2) | options))
