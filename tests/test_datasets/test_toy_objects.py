from __future__ import annotations

import colorsys
import itertools
import math
import zlib

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmgentransfer.datasets import ToyObjects, stack_batch
from mmgentransfer.datasets.embedded import object_rendering as rendering
from mmgentransfer.datasets.embedded import toy_objects as module
from mmgentransfer.registry import DATASETS

PLAIN = dict(background='black', colours=['white'], channels=1)
# what one image has of everything that can be set
RICH = dict(
    textures=rendering.TEXTURES, background='cluttered', rotation=(-40, 200), shading=0.4, noise=0.05, with_masks=True
)


def rows_of(dataset: ToyObjects) -> list[bytes]:
    return [image.numpy().tobytes() for image in dataset.images]


# ---------------------------------------------------------------------- what is asked for


def test_defaults_and_types():
    dataset = DATASETS.build(dict(type='ToyObjects', num_images=5))
    assert dataset.images.shape == (5, 3, 32, 32)
    assert dataset.images.dtype == torch.uint8
    assert set(dataset[0]) == {'images'}
    assert dataset.metainfo == {}
    assert dataset.masks is None
    assert set(ToyObjects(num_images=3, with_indices=True)[2]) == {'images', 'indices'}


def test_random_attributes_take_all_values_in_equal_shares():
    dataset = ToyObjects(image_size=8, num_images=4000, colours=['red', 'blue'], textures=['plain', 'dots', 'noise'])
    for attribute, values in dict(colour=2, texture=3, shape=9).items():
        _, numbers = np.unique(dataset.attributes[attribute], return_counts=True)
        assert len(numbers) == values
        # five standard deviations of a binomial number
        assert np.abs(numbers - 4000 / values).max() < 5 * (4000 / values * (1 - 1 / values)) ** 0.5
    red = dataset.attributes['colour'] == 'red'
    assert abs((dataset.attributes['texture'][red] == 'dots').mean() - 1 / 3) < 0.06


def test_labels_follow_the_given_order():
    dataset = ToyObjects(num_per_class=4, labelled='shape', shapes=['star', 'disc', 'ring'], colours=['red', 'blue'])
    assert dataset.classes == ('star', 'disc', 'ring')
    assert dataset.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert dataset.labels.dtype == torch.int64
    assert dataset.attributes['shape'].tolist() == ['star'] * 4 + ['disc'] * 4 + ['ring'] * 4
    drawn = ToyObjects(num_images=50, labelled='colour', colours=['red', 'blue'])
    assert [drawn.classes[label] for label in drawn.labels] == drawn.attributes['colour'].tolist()
    assert set(drawn.labels.tolist()) == {0, 1}


def test_counts_make_a_biased_set_exactly():
    # the handbags of thesis Table 5.1: plain black ones against red ones, most of them textured
    settings = dict(image_size=8, shapes='bag', colours=['red', 'black'], textures=['plain', 'stripes'])
    first = ToyObjects(**settings, counts={'plain black': 755})
    assert set(zip(first.attributes['texture'], first.attributes['colour'], strict=True)) == {('plain', 'black')}
    assert len(first) == 755
    second = ToyObjects(**settings, counts={('red', 'stripes'): 1000, ('red', 'plain'): 100}, labelled='texture')
    assert second.attributes['colour'].tolist() == ['red'] * 1100
    assert second.attributes['texture'].tolist() == ['plain'] * 100 + ['stripes'] * 1000
    assert second.labels.tolist() == [0] * 100 + [1] * 1000


def test_counts_leave_the_other_attributes_to_chance():
    dataset = ToyObjects(image_size=8, counts={'disc': 40, 'red': 60}, shapes=['disc', 'star'], colours=['red', 'blue'])
    shapes, colours = dataset.attributes['shape'], dataset.attributes['colour']
    assert set(colours[:60]) == {'red'}
    assert set(shapes[:60]) == {'disc', 'star'}
    assert set(shapes[60:]) == {'disc'}
    assert set(colours[60:]) == {'red', 'blue'}


def test_config_with_counts_survives_a_dump(tmp_path):
    settings = dict(type='ToyObjects', image_size=8, textures=['plain', 'dots'], counts={'red dots': 2, 'blue': 1})
    file = tmp_path / 'config.py'
    file.write_text(Config(dict(dataset=settings)).pretty_text)
    assert rows_of(DATASETS.build(Config.fromfile(file).dataset)) == rows_of(DATASETS.build(settings))


# ---------------------------------------------------------------------- reproducibility


@pytest.mark.parametrize('image_size', [8, 17, 33])
def test_image_depends_on_its_number_only(image_size, monkeypatch):
    many = ToyObjects(image_size, num_images=300, **RICH)
    few = ToyObjects(image_size, num_images=7, **RICH)
    assert rows_of(few) == rows_of(many)[:7]
    later = ToyObjects(image_size, num_images=3, skip=211, **RICH)
    assert rows_of(later) == rows_of(many)[211:214]
    assert torch.equal(later.masks, many.masks[211:214])
    assert later.attributes['shape'].tolist() == many.attributes['shape'][211:214].tolist()
    monkeypatch.setattr(module, 'CHUNK_PIXELS', 5 * image_size**2)
    assert rows_of(ToyObjects(image_size, num_images=300, **RICH)) == rows_of(many)


def test_group_depends_on_nothing_but_its_name():
    settings = dict(image_size=16, shapes=['disc', 'star'], colours=['red', 'blue'], textures=['plain', 'dots'])
    # red comes first, as in the list
    both = ToyObjects(counts={'blue plain': 9, 'red dots': 6}, **settings)
    alone = ToyObjects(counts={('dots', 'red'): 4}, **settings)
    assert rows_of(alone) == rows_of(both)[:4]
    rest = ToyObjects(counts={'blue plain': 5, 'red dots': 2}, skip=4, **settings)
    assert rows_of(rest) == rows_of(both)[4:6] + rows_of(both)[10:]
    classes = ToyObjects(num_per_class=5, labelled='shape', **settings)
    assert rows_of(ToyObjects(counts={'star': 5}, **settings)) == rows_of(classes)[5:]


def test_splits_and_seeds_share_nothing():
    variants = itertools.product(('train', 'test'), (0, 1))
    sets = [set(rows_of(ToyObjects(num_images=200, split=split, seed=seed))) for split, seed in variants]
    assert [len(rows) for rows in sets] == [200] * 4
    assert len(set.union(*sets)) == 800


def test_pixels_are_the_same_on_every_machine():
    dataset = ToyObjects(image_size=16, num_images=40, **RICH)
    assert zlib.crc32(dataset.images.numpy().tobytes()) == 1036985387
    assert zlib.crc32(dataset.masks.numpy().tobytes()) == 3751931490


@pytest.mark.parametrize('background', ['gradient', 'cluttered'])
def test_other_sizes_and_grey_show_the_same_objects(background):
    settings = dict(num_images=60, shapes=['disc', 'bag'], background=background)
    large, small = ToyObjects(64, **settings), ToyObjects(16, **settings)
    means = large.images.float().reshape(60, 3, 16, 4, 16, 4).mean((3, 5))
    assert (means - small.images).abs().mean() < 2
    grey = ToyObjects(64, channels=1, **settings)
    luma = (large.images.float() * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    assert (luma - grey.images).abs().max() <= 1


# ---------------------------------------------------------------------- shapes


def crescent_area() -> float:
    # a circle of radius 1 less its lens with one of radius r, d to the right of its centre
    d, r = 0.45, 0.75
    first = math.acos((d * d + 1 - r * r) / (2 * d))
    second = math.acos((d * d + r * r - 1) / (2 * d * r))
    root = math.sqrt((-d + r + 1) * (d + r - 1) * (d - r + 1) * (d + r + 1))
    return math.pi - (r * r * second + first - root / 2)


AREAS = dict(
    # body: the width is 2 (0.6 / cos + 0.15 y) for y in -0.2..0.7, with tan = 0.15; handle: half a ring, 0.34 to 0.56
    bag=2 * (0.6 * math.hypot(1, 0.15) * 0.9 + 0.075 * (0.49 - 0.04)) + math.pi / 2 * (0.56**2 - 0.34**2),
    crescent=crescent_area(),
    cross=2 * 1.9 * 0.6 - 0.6**2,
    disc=math.pi,
    hexagon=6 * math.sin(math.pi / 3) / 2,
    ring=math.pi * (1 - 0.5**2),
    square=2,
    # ten triangles with the sides 1 and r, the inner radius, and 36 degrees between them
    star=10 * math.sin(math.pi / 5) / 2 * (math.cos(2 * math.pi / 5) / math.cos(math.pi / 5)),
    triangle=3 * math.sin(2 * math.pi / 3) / 2,
)


@pytest.mark.parametrize('shape', list(rendering.SHAPES))
def test_area_of_a_shape(shape):
    dataset = ToyObjects(128, num_images=6, shapes=shape, size=(0.9, 0.9), rotation=(0, 360), with_masks=True, **PLAIN)
    radius = 0.45 * 128
    areas = dataset.masks.float().sum((1, 2, 3)) / 255 / radius**2
    np.testing.assert_allclose(areas, AREAS[shape], rtol=0.01)
    # white on black: the image is the mask
    assert torch.equal(dataset.images, dataset.masks)


@pytest.mark.parametrize('shape', list(rendering.SHAPES))
def test_shape_stays_inside_its_circle_and_the_image(shape):
    dataset = ToyObjects(64, num_images=20, shapes=shape, size=(0.5, 1), rotation=(0, 360), with_masks=True, **PLAIN)
    # the same numbers, so this is the circle around the shape
    circle = ToyObjects(64, num_images=20, shapes='disc', size=(0.5, 1), with_masks=True, **PLAIN).masks[:, 0].double()
    area = circle.sum((1, 2))
    pixels = torch.arange(64) + 0.5
    x, y = (circle.sum(1) * pixels).sum(1) / area, (circle.sum(2) * pixels).sum(1) / area
    distance = ((pixels - x[:, None, None]) ** 2 + (pixels[:, None] - y[:, None, None]) ** 2).sqrt()
    beyond = distance - (area / 255 / math.pi).sqrt()[:, None, None]
    mask = dataset.masks[:, 0]
    assert mask[beyond > 0.6].float().div(255).max() < 0.5
    assert mask[beyond > 2].max() == 0
    # and a smaller one would not do
    assert (mask * (beyond > -2.5)).amax((1, 2)).min() > 60


def test_star_points_upwards_and_crescent_opens_to_the_right():
    settings = dict(size=(0.9, 0.9), position=(0.5, 0.5), **PLAIN)
    star = ToyObjects(64, num_images=1, shapes='star', **settings).images[0, 0]
    assert star[4:8, 30:34].max() > 100
    assert star[56:].max() == 0
    crescent = ToyObjects(64, num_images=1, shapes='crescent', **settings).images[0, 0]
    assert crescent[32, 5] == 255
    assert crescent[32, 50] == 0
    turned = ToyObjects(64, num_images=1, shapes='crescent', rotation=(90, 90), **settings).images[0, 0]
    assert (turned.int() - torch.rot90(crescent, -1).int()).abs().max() <= 1


def test_edges_are_smooth():
    # a square of 0.75 * 32 = 24 pixels' diameter has sides of 16.97 pixels around the middle: 8.485 on both sides
    square = ToyObjects(32, num_images=1, shapes='square', size=(0.75, 0.75), position=(0.5, 0.5), **PLAIN).images[0, 0]
    assert square[16].tolist() == [0] * 7 + [124] + [255] * 16 + [124] + [0] * 7
    assert torch.equal(square, square.T)


def test_sizes_and_places_fill_their_ranges():
    dataset = ToyObjects(32, num_images=500, shapes='disc', size=(0.3, 0.6), with_masks=True, **PLAIN)
    mask = dataset.masks[:, 0].double() / 255
    areas = mask.sum((1, 2))
    diameters = 2 * (areas / math.pi) ** 0.5 / 32
    assert diameters.min() == pytest.approx(0.3, abs=0.01)
    assert diameters.max() == pytest.approx(0.6, abs=0.01)
    pixels = torch.arange(32) + 0.5
    for weights in (mask.sum(1), mask.sum(2)):
        centres = (weights * pixels).sum(1) / areas / 32
        share = (centres - diameters / 2) / (1 - diameters)
        assert share.min() == pytest.approx(0, abs=0.02)
        assert share.max() == pytest.approx(1, abs=0.02)
        assert share.mean() == pytest.approx(0.5, abs=0.06)


# ---------------------------------------------------------------------- colours, textures, light


@pytest.mark.parametrize('colour', list(rendering.COLOURS))
def test_colour_lies_in_its_range(colour):
    dataset = ToyObjects(16, num_images=100, shapes='disc', colours=[colour], position=(0.5, 0.5))
    centre = dataset.images[:, :, 8, 8]
    low, high = (torch.tensor(end) for end in rendering.COLOURS[colour])
    assert (centre >= low).all()
    assert (centre <= high).all()
    spread = centre.amax(0) - centre.amin(0)
    assert (spread >= 0.6 * (high - low)).all()


@pytest.mark.parametrize('texture', ['stripes', 'dots', 'checks', 'noise'])
def test_textures_can_be_seen_at_every_size_and_in_every_colour(texture):
    for image_size in (8, 32):
        settings = dict(shapes='disc', size=(1, 1), labelled='colour', with_masks=True)
        dataset = ToyObjects(image_size, num_per_class=10, textures=texture, **settings)
        inside = dataset.masks == 255
        luma = dataset.images.float().mean(1, keepdim=True)
        spread = torch.stack([image[where].std() for image, where in zip(luma, inside, strict=True)])
        assert spread.reshape(12, 10).mean(1).min() > 5
        flat = ToyObjects(image_size, num_per_class=10, **settings).images
        assert all(len(image[:, where[0]].unique(dim=1)[0]) == 1 for image, where in zip(flat, inside, strict=True))


def test_light_comes_from_every_side():
    settings = dict(shapes='disc', size=(0.8, 0.8), position=(0.5, 0.5), **{**PLAIN, 'colours': 'grey'})
    images = ToyObjects(32, num_images=300, shading=0.5, **settings).images[:, 0].double()
    # 11 pixels from the middle, of a radius of 12.8
    middle = images[:, 15:17, 15:17].mean((1, 2))
    across = (images[:, 15:17, 26:28].mean((1, 2)) - images[:, 15:17, 4:6].mean((1, 2))) / middle / 2
    down = (images[:, 26:28, 15:17].mean((1, 2)) - images[:, 4:6, 15:17].mean((1, 2))) / middle / 2
    np.testing.assert_allclose((across**2 + down**2).sqrt(), 0.5 * 11 / 12.8, atol=0.02)
    quarters = np.histogram(torch.atan2(down, across), bins=4, range=(-math.pi, math.pi))[0]
    assert quarters.min() > 40


def test_backgrounds():
    def outside(background, **changes):
        dataset = ToyObjects(32, num_images=200, colours='red', background=background, with_masks=True, **changes)
        return dataset.images.float(), (dataset.masks == 0).expand(-1, 3, -1, -1)

    images, where = outside('black')
    assert images[where].max() == 0

    images, where = outside('plain', background_range=(0.2, 0.4))
    levels = torch.tensor([image[place].mean() for image, place in zip(images, where, strict=True)]) / 255
    assert levels.min() == pytest.approx(0.2, abs=0.01)
    assert levels.max() == pytest.approx(0.4, abs=0.01)
    # a pixel of which the object covers less than 1/510 may differ by one level
    assert max(image[place].max() - image[place].min() for image, place in zip(images, where, strict=True)) <= 1

    images, where = outside('gradient', size=(0.01, 0.01))
    second = images[:, :, :, 2:] - 2 * images[:, :, :, 1:-1] + images[:, :, :, :-2]
    assert second[where[:, :, :, 2:] & where[:, :, :, 1:-1] & where[:, :, :, :-2]].abs().max() <= 2  # rounded twice
    assert (images[:, 0, 0, 0] - images[:, 0, -1, -1]).abs().max() > 60
    assert (images[:, 0][where[:, 0]] - images[:, 2][where[:, 0]]).abs().max() <= 1  # grey

    images, where = outside('cluttered', size=(0.01, 0.01))
    steps = (images[:, :, :, 1:] - images[:, :, :, :-1]).abs()
    assert ((steps > 15).any(-1).any(-1).float().mean()) > 0.9
    assert (images[:, 0] - images[:, 2]).abs().max() > 20  # with some colour


def test_pixel_noise_has_its_deviation():
    settings = dict(num_images=100, shapes='disc', colours='red', background_range=(128 / 255, 128 / 255))
    clean, noisy = ToyObjects(**settings), ToyObjects(noise=0.05, **settings)
    difference = noisy.images.float() - clean.images.float()
    middle = (clean.images > 60) & (clean.images < 195)  # far from where values are cut off
    assert difference[middle].std().item() == pytest.approx(0.05 * 255, rel=0.02)
    assert abs(difference[middle].mean().item()) < 0.2
    assert len({noise.numpy().tobytes() for noise in difference}) == 100


# ---------------------------------------------------------------------- batches


def test_masks_come_with_the_batch():
    dataset = ToyObjects(num_images=10, labelled='shape', with_masks=True)
    item = dataset[3]
    assert item['masks'].shape == (1, 32, 32)
    assert item['masks'].dtype == torch.float32
    assert item['masks'].max() == 1
    loader = DataLoader(dataset, batch_size=5, collate_fn=stack_batch)
    batch = list(loader)[1]
    assert set(batch) == {'images', 'labels', 'masks'}
    assert torch.equal(batch['masks'], dataset.masks[5:].float() / 255)
    assert torch.equal(batch['images'], dataset.images[5:])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({}, r'how many images is not said: set one of dataset\.num_images'),
        ({'num_images': 5, 'counts': {'red': 5}}, r'dataset\.num_images=5 and dataset\.counts=.* exclude each other'),
        ({'num_images': 0}, r'dataset\.num_images=0 must be at least 1'),
        ({'num_per_class': 5}, r'dataset\.num_per_class=5 needs dataset\.labelled'),
        ({'counts': {}}, r'dataset\.counts is empty'),
        ({'counts': {'red': 0}}, r"dataset\.counts\['red'\]=0 must be at least 1"),
        ({'counts': {'rd': 5}}, r"dataset\.counts\['rd'\]: 'rd' is in none of dataset\.shapes=.*Did you mean 'red'"),
        ({'counts': {'red dots': 5}}, r"'dots' is in none of .*dataset\.textures=\('plain',\)\."),
        ({'counts': {'red blue': 5}}, r"'blue' is a second colour"),
        ({'counts': {' ': 5}}, r"dataset\.counts\[' '\] names no value"),
        ({'counts': {'red disc': 5, 'disc red': 5}}, r"counts\['disc red'\] names a group .* has already"),
        ({'num_images': 5, 'shapes': ['circle']}, r"dataset\.shapes='circle' is not one of \('bag', .*"),
        ({'num_images': 5, 'colours': ['gray']}, r"dataset\.colours='gray' .* Did you mean 'grey'"),
        ({'num_images': 5, 'textures': 'stripe'}, r"dataset\.textures='stripe' .*Did you mean 'stripes'"),
        ({'num_images': 5, 'shapes': []}, r'dataset\.shapes=\(\) must hold at least one name'),
        ({'num_images': 5, 'shapes': ['disc', 'disc']}, r'none twice'),
        ({'num_images': 5, 'background': 'clutter'}, r"background='clutter' .*Did you mean 'cluttered'"),
        ({'num_images': 5, 'background': 'black'}, r"hides objects of the colour 'black'"),
        ({'num_images': 5, 'labelled': 'color'}, r"dataset\.labelled='color' .*Did you mean 'colour'"),
        ({'num_images': 5, 'split': 'val'}, r"dataset\.split='val' is not one of \('train', 'test'\)"),
        ({'num_images': 5, 'image_size': 7}, r'dataset\.image_size=7 must lie in 8\.\.128'),
        ({'num_images': 5, 'image_size': 129}, r'dataset\.image_size=129'),
        ({'num_images': 5, 'channels': 4}, r'dataset\.channels=4 is not one of \(1, 3\)'),
        ({'num_images': 5, 'seed': -1}, r'dataset\.seed=-1 must lie in 0\.\.4294967295'),
        ({'num_images': 5, 'skip': -1}, r'dataset\.skip=-1'),
        ({'num_images': 5, 'size': (0, 0.5)}, r'dataset\.size=\(0, 0\.5\) must be above 0'),
        ({'num_images': 5, 'size': (0.5, 1.1)}, r'dataset\.size=\(0\.5, 1\.1\) must be two increasing .* \[0, 1\]'),
        ({'num_images': 5, 'position': (0.6, 0.4)}, r'dataset\.position=\(0\.6, 0\.4\)'),
        ({'num_images': 5, 'rotation': 45}, r'dataset\.rotation=45 must be two numbers'),
        ({'num_images': 5, 'background_range': (0, 2)}, r'dataset\.background_range=\(0, 2\)'),
        ({'num_images': 5, 'shading': 1.5}, r'dataset\.shading=1\.5 must lie in \[0, 1\]'),
        ({'num_images': 5, 'noise': -0.1}, r'dataset\.noise=-0\.1'),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        ToyObjects(**arguments)


# ---------------------------------------------------------------------- hues


def test_colours_of_a_hue_have_any_saturation_and_value():
    """Of a disc that fills the image, the middle pixel has the object's colour: its HSV is in the ranges told."""
    degrees = dict(yellow=60, green=120, blue=220, orange=28)
    dataset = ToyObjects(
        num_per_class=60, labelled='colour', colours=list(degrees), colour_space='hsv', shapes=['disc'], size=(0.8, 0.8)
    )
    middle = dataset.images[:, :, 16, 16].double() / 255
    hues, saturations, values = torch.tensor([colorsys.rgb_to_hsv(*pixel) for pixel in middle.tolist()]).T
    wanted = torch.tensor([degrees[dataset.classes[label]] for label in dataset.labels])
    assert (360 * hues - wanted).abs().max() < 6 + 2  # two degrees for rounding to 8 bits
    for found, low, high in ((saturations, 0.5, 1), (values, 0.35, 1)):
        assert low - 0.01 < found.min() < low + 0.05
        assert high - 0.05 < found.max() <= high
    assert ((360 * hues - wanted).abs() > 4).sum() > 20


def test_colours_without_a_hue_are_refused_there():
    with pytest.raises(ValueError, match="'brown' is not one of"):
        ToyObjects(num_images=2, colours=['brown'], colour_space='hsv')
    with pytest.raises(ValueError, match="colour_space='hsl' is not one of"):
        ToyObjects(num_images=2, colour_space='hsl')
